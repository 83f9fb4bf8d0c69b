// catalog 1.2.0, made by `cargo fw client ts`: changes are lost.
/* eslint-disable */

/**
 * How a book is bound.
 *
 * - `hard-cover`: Boards and cloth.
 * - `paper-back`: Paper.
 * - `ebook`: No binding at all: a file.
 */
export type Binding = "hard-cover" | "paper-back" | "ebook";

/** A book. */
export type Book = {
  /** Who wrote it; nobody where that is not known. */
  authors: string[];
  /** How it is bound. */
  binding: Binding;
  /** Who wrote it first. */
  created_by: string;
  /** How long it is. */
  extent: Extent | null;
  /** Its number. */
  id: BookId;
  /** Words by which it is found. */
  labels: Record<string, string | null>;
  /**
   * The number that the old system gave it.
   * @deprecated
   */
  legacy_number?: number | null;
  /** Where it is. */
  place: Place;
  /** What it costs. */
  price: Price;
  /** When it came out. */
  published: Day | null;
  /**
   * How often it was changed.
   * A number beyond 2^53 loses digits in JavaScript.
   */
  revision: number;
  /** What stands on its cover. */
  title: string;
};

/** A change of a book: what is left out stays, and null takes away. */
export type BookChange = {
  /** Another binding. */
  binding?: Binding | null;
  /** Another title. */
  title?: string | null;
};

/**
 * The number of a book, from 1.
 * A number beyond 2^53 loses digits in JavaScript.
 */
export type BookId = number;

/** A page of a list. */
export type BookPage = {
  /** What is on it. */
  items: Book[];
  /** What to ask for the next one with; null on the last. */
  next: string | null;
};

/** A box in the store. */
export type Box = {
  /** Its weight in grams, where it was weighed. */
  grams: number | null;
  /** Its label. */
  label: string;
};

/** A box in the store. */
export type BoxInput = {
  /** Its weight in grams, where it was weighed. */
  grams?: number | null;
  /** Its label. */
  label: string;
};

/** Numbers by bindings, in whatever order. */
export type Counts = Record<string, number>;

/** A day, as `2026-12-01`. */
export type Day = string;

/** The revision of an answer. */
export type ETag = string;

/** What can be measured of a book: its pages, or for how long it plays. */
export type Extent = number | [number, number, number] | {
  /** As `two boxes of maps`. */
  text: string;
};

/** What the gateway in front of the API answers by itself. */
export type GatewayMessage = {
  /** What is wrong. */
  message?: string | null;
};

/** A heading, with the headings under it. */
export type Heading = {
  /** As it is shown. */
  name: string;
  /** Narrower ones. */
  narrower: Heading[];
  /** A related one. */
  related: Heading | null;
};

/** A heading, with the headings under it. */
export type HeadingInput = {
  /** As it is shown. */
  name: string;
  /** Narrower ones. */
  narrower?: HeadingInput[];
  /** A related one. */
  related?: HeadingInput | null;
};

/** What was found: each in its own shape. */
export type Hit = {
  Book: BookId;
} | {
  Heading: HitHeading;
} | "Nothing";

export type HitHeading = {
  /** How many books are under it. */
  books: number;
  /** Its name. */
  name: string;
};

/** A page of a list. */
export type HitPage = {
  /** What is on it. */
  items: Hit[];
  /** What to ask for the next one with; null on the last. */
  next: string | null;
};

/** An answer of the search. */
export type HitPageEnvelope = {
  /** What it is of. */
  data: HitPage;
  /** What was asked. */
  query: string;
  /** Milliseconds that each part took. */
  took: Record<string, number>;
};

/** The `If-None-Match` header: the revision that the client has. */
export type IfNoneMatch = string;

/** A book as it is written. */
export type NewBook = {
  /** Who wrote it; nobody where that is not known. */
  authors?: string[];
  /** How it is bound. */
  binding: Binding;
  /** Who wrote it first. */
  created_by: string;
  /** How long it is. */
  extent?: Extent | null;
  /** Words by which it is found. */
  labels?: Record<string, string | null>;
  /** What it costs. */
  price: Price;
  /** When it came out. */
  published?: Day | null;
  /**
   * How often it was changed.
   * A number beyond 2^53 loses digits in JavaScript.
   */
  revision?: number;
  /** What stands on its cover. */
  title: string;
};

/** Where a book is. */
export type Place = PlaceShelf | PlaceStore | PlaceGone;

/** Nowhere: it is sold out. */
export type PlaceGone = {
  at: "gone";
  place?: null;
};

/** Where a book is. */
export type PlaceInput = PlaceInputShelf | PlaceInputStore | PlaceInputGone;

/** Nowhere: it is sold out. */
export type PlaceInputGone = {
  at: "gone";
  place?: null;
};

/** In the shop: shelf and board. */
export type PlaceInputShelf = {
  at: "shelf";
  place: [number, number];
};

/** In the store. */
export type PlaceInputStore = {
  at: "store";
  place: BoxInput;
};

/** In the shop: shelf and board. */
export type PlaceShelf = {
  at: "shelf";
  place: [number, number];
};

/** In the store. */
export type PlaceStore = {
  at: "store";
  place: Box;
};

/** What a book costs. */
export type Price = PriceFixed | PricePayWhatYouWant | PriceSubscription;

/** A fixed price. */
export type PriceFixed = {
  /** Three letters, as `EUR`. */
  currency: string;
  /** In cents. */
  inCents: number;
  kind: "fixed";
};

/** The buyer says what it is worth. */
export type PricePayWhatYouWant = {
  kind: "pay_what_you_want";
};

/** Only with a subscription. */
export type PriceSubscription = {
  kind: "subscription";
  /** Which of them. */
  planNames: string[];
};

/** What is wrong (RFC 9457). */
export type ProblemDocument = {
  /** A URI that identifies the kind of problem. */
  type: string;
  /** The reason of the status. */
  title: string;
  /** The status. */
  status: number;
  /** What is wrong, in a sentence. */
  detail: string;
  /** A word by which a program tells this problem from others. */
  code: string;
  /** All that is wrong with the request, each with its place. */
  errors?: {
    /** `path`, `query`, `header`, `cookie` or `body`. */
    in: string;
    /** The name of the parameter or the field. */
    name?: string;
    /** The place in the body, a JSON pointer (RFC 6901). */
    pointer?: string;
    /** What is wrong with it. */
    detail: string;
  }[];
  /** The request's id in the log. */
  requestId?: string;
};

/** What a reader writes about a book. */
export type Review = {
  /** From 1 to 5. */
  stars: number;
  /** In the reader's words. */
  text?: string | null;
};

/** Which of the shop's tenants asks. */
export type Tenant = string;

/** An answer of a status, its body read. */
export interface Answer<Status extends number, Body> {
  status: Status;
  body: Body;
  headers: Headers;
}

/** Where the API is, and how it is called. */
export interface Options {
  /** As `https://api.example.org/v1`, without a slash at the end. */
  baseUrl: string;
  /** Headers of each request, or what makes them: `authorization`, say. */
  headers?: Record<string, string> | (() => Record<string, string> | Promise<Record<string, string>>);
  /** In place of the global `fetch`. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

/** What every call takes besides its own input. */
export interface Input {
  signal?: AbortSignal;
  headers?: Record<string, string>;
}

type Client4 =
  | 400 | 401 | 402 | 403 | 404 | 405 | 406 | 407 | 408 | 409 | 410 | 411 | 412 | 413 | 414 | 415 | 416 | 417 | 418
  | 421 | 422 | 423 | 424 | 425 | 426 | 428 | 429 | 431 | 451;
type Server5 = 500 | 501 | 502 | 503 | 504 | 505 | 506 | 507 | 508 | 510 | 511;

function caller({ baseUrl, headers: common, fetch: send = (url, init) => fetch(url, init) }: Options) {
  return async <A>(
    method: string,
    path: string,
    input: Input,
    query: string[] = [],
    header: string[] = [],
    type?: string,
  ): Promise<A> => {
    const given = input as Record<string, unknown>;
    const pair = (name: string): [string, unknown] => {
      const [own = name, member = own] = name.split("=");
      return [own, given[member]];
    };
    const one = (value: unknown) => encodeURIComponent(String(value));
    let url = baseUrl + path.replace(/\{([^}+]+)(\+?)\}/g, (_, name: string, greedy: string) =>
      greedy ? String(given[name]).split("/").map(one).join("/") : one(given[name]));
    const pairs = (all: [string, unknown][]) => {
      const list = new URLSearchParams();
      for (const [name, value] of all)
        for (const item of Array.isArray(value) ? value : [value])
          if (item !== undefined && item !== null) list.append(name, String(item));
      return list;
    };
    const search = pairs(query.map(pair)).toString();
    if (search) url += `?${search}`;
    const headers: Record<string, string> = { ...(typeof common === "function" ? await common() : common) };
    for (const [name, value] of header.map(pair)) if (value !== undefined) headers[name] = String(value);
    let body: BodyInit | undefined;
    if (type && given.body !== undefined) {
      headers["content-type"] = type;
      if (type.endsWith("json")) body = JSON.stringify(given.body);
      else if (type.endsWith("x-www-form-urlencoded")) body = pairs(Object.entries(given.body as object));
      else body = given.body as BodyInit;
    }
    const init: RequestInit = { method, headers: { ...headers, ...input.headers }, body };
    if (input.signal) init.signal = input.signal;
    const response = await send(url, init);
    const kind = (response.headers.get("content-type") ?? "").split(";")[0]!.trim();
    const empty = response.status === 204 || response.status === 304 || !kind;
    const read = empty ? undefined
      : kind.endsWith("json") ? await response.json()
      : kind.startsWith("text/") ? await response.text()
      : await response.blob();
    return { status: response.status, body: read, headers: response.headers } as A;
  };
}

/** The API's methods. `baseUrl` is where it is served, without a slash at the end. */
export function client(options: Options) {
  const call = caller(options);
  return {
    /**
     * List the books.
     *
     * They come in the order of their numbers. The answer's `next` is the `after` of the next page.
     */
    list: (input: { binding?: Binding; /** What the page before said. */ after?: string; /** Words that a book must have, all of them. */ label?: string[]; /** How many at the most. */ limit?: number } & Input = {}) =>
      call<Answer<200, BookPage> | Answer<400 | Exclude<Client4, 400 | 429> | 500 | Exclude<Server5, 500 | 503>, ProblemDocument | GatewayMessage> | Answer<429 | 503, GatewayMessage>>("GET", "/books", input, ["binding", "after", "label", "limit"]),
    /** Add a book. */
    create: (input: { "x-tenant"?: Tenant; body: NewBook } & Input) =>
      call<Answer<201, Book> | Answer<400 | Exclude<Client4, 400 | 409 | 413 | 415 | 422 | 429> | 500 | Exclude<Server5, 500 | 503>, ProblemDocument | GatewayMessage> | Answer<409 | 415 | 422, ProblemDocument> | Answer<413 | 429 | 503, GatewayMessage>>("POST", "/books", input, [], ["x-tenant"], "application/json"),
    /** Fetch a book, unless the client has it. */
    fetch: (input: { id: BookId; "if-none-match"?: IfNoneMatch } & Input) =>
      call<Answer<200, Book> | Answer<304, undefined> | Answer<400 | Exclude<Client4, 400 | 429> | 500 | Exclude<Server5, 500 | 503>, ProblemDocument | GatewayMessage> | Answer<429 | 503, GatewayMessage>>("GET", "/books/{id}", input, [], ["if-none-match"]),
    /** Remove a book. */
    remove: (input: { id: BookId } & Input) =>
      call<Answer<204, undefined> | Answer<400 | 404 | Exclude<Client4, 400 | 404 | 429> | 500 | Exclude<Server5, 500 | 503>, ProblemDocument | GatewayMessage> | Answer<429 | 503, GatewayMessage>>("DELETE", "/books/{id}", input),
    /** Change a book. */
    change: (input: { id: BookId; body: BookChange } & Input) =>
      call<Answer<200, Book> | Answer<400 | 404 | Exclude<Client4, 400 | 404 | 413 | 415 | 422 | 429> | 500 | Exclude<Server5, 500 | 503>, ProblemDocument | GatewayMessage> | Answer<413 | 429 | 503, GatewayMessage> | Answer<415 | 422, ProblemDocument>>("PATCH", "/books/{id}", input, [], [], "application/json"),
    /** Show the cover of a book, a picture. */
    cover: (input: { id: BookId } & Input) =>
      call<Answer<200, Blob> | Answer<400 | Exclude<Client4, 400 | 429> | 500 | Exclude<Server5, 500 | 503>, ProblemDocument | GatewayMessage> | Answer<429 | 503, GatewayMessage>>("GET", "/books/{id}/cover", input),
    /** Say where a book is. */
    shelve: (input: { id: BookId; body: PlaceInput } & Input) =>
      call<Answer<200, Place> | Answer<400 | Exclude<Client4, 400 | 413 | 415 | 422 | 429> | 500 | Exclude<Server5, 500 | 503>, ProblemDocument | GatewayMessage> | Answer<413 | 429 | 503, GatewayMessage> | Answer<415 | 422, ProblemDocument>>("PUT", "/books/{id}/place", input, [], [], "application/json"),
    /** Set the price of a book. */
    price: (input: { id: BookId; body: Price } & Input) =>
      call<Answer<200, Price> | Answer<400 | Exclude<Client4, 400 | 413 | 415 | 422 | 429> | 500 | Exclude<Server5, 500 | 503>, ProblemDocument | GatewayMessage> | Answer<413 | 429 | 503, GatewayMessage> | Answer<415 | 422, ProblemDocument>>("PUT", "/books/{id}/price", input, [], [], "application/json"),
    /** Review a book, by a form. */
    review: (input: { id: BookId; body: Review } & Input) =>
      call<Answer<202, string> | Answer<400 | Exclude<Client4, 400 | 413 | 415 | 422 | 429> | 500 | Exclude<Server5, 500 | 503>, ProblemDocument | GatewayMessage> | Answer<413 | 429 | 503, GatewayMessage> | Answer<415 | 422, ProblemDocument>>("POST", "/books/{id}/reviews", input, [], [], "application/x-www-form-urlencoded"),
    /**
     * Count the books by their bindings.
     * @deprecated
     */
    counts: (input: Input = {}) =>
      call<Answer<200, Counts> | Answer<429 | 503, GatewayMessage> | Answer<Exclude<Client4, 429> | 500 | Exclude<Server5, 500 | 503>, ProblemDocument | GatewayMessage>>("GET", "/counts", input),
    /** List the headings. */
    headings_list: (input: Input = {}) =>
      call<Answer<200, Heading[]> | Answer<429 | 503, GatewayMessage> | Answer<500, ProblemDocument | GatewayMessage>>("GET", "/headings", input),
    /** Replace the headings. */
    headings_replace: (input: { body: HeadingInput[] } & Input) =>
      call<Answer<200, Heading[]> | Answer<400 | 500, ProblemDocument | GatewayMessage> | Answer<413 | 429 | 503, GatewayMessage> | Answer<415 | 422, ProblemDocument>>("PUT", "/headings", input, [], [], "application/json"),
    /** Search the catalogue. */
    search: (input: { words?: string[]; limit?: number } & Input = {}) =>
      call<Answer<200, HitPageEnvelope> | Answer<400 | Exclude<Client4, 400 | 429> | 500 | Exclude<Server5, 500 | 503>, ProblemDocument | GatewayMessage> | Answer<429 | 503, GatewayMessage>>("GET", "/search", input, ["words", "limit"]),
  };
}

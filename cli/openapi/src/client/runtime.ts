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

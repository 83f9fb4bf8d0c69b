"""The embedded S3 with the clients that people use: `aws s3 sync`, boto3's transfer manager, the JavaScript SDK and a page in a browser.

`.ci/test` installs them into target/tools/clients: `target/tools/clients/bin/python .ci/s3_clients.py target/debug/cargo-fw`. (The tests of
`fw-s3` are those of the Rust SDK.) With a second argument the browser also writes a screenshot there.
"""

import contextlib
import hashlib
import http.server
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.parse

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

# The environment that this runs in: npm installs beside Python.
CLIENTS = pathlib.Path(sys.prefix)
BUCKET = "clients"
PART = 5 * 1024 * 1024
BROWSERS = ["chromium", "chromium-browser", "google-chrome"]

SCRIPT = """
import {createHash} from 'node:crypto';
import {S3Client, PutObjectCommand, GetObjectCommand, ListObjectsV2Command, DeleteObjectsCommand, NoSuchKey} from '@aws-sdk/client-s3';
import {Upload} from '@aws-sdk/lib-storage';
import {getSignedUrl} from '@aws-sdk/s3-request-presigner';
import {createPresignedPost} from '@aws-sdk/s3-presigned-post';
const [endpoint, Bucket] = process.argv.slice(2);
const credentials = {accessKeyId: 'test', secretAccessKey: 'test'};
const settings = {endpoint, region: 'us-east-1', credentials, forcePathStyle: true};
const client = new S3Client(settings);
const expect = (holds, what) => { if (!holds) { console.error(`expected ${what}`); process.exit(1); } };
const read = async Key => Buffer.from(await (await client.send(new GetObjectCommand({Bucket, Key}))).Body.transformToByteArray());
const key = 'js/a b+c/ü.txt';
await client.send(new PutObjectCommand({Bucket, Key: key, Body: 'hello', Metadata: {a: '1'}}));
expect((await read(key)).toString() === 'hello', 'what was put');
const large = Buffer.alloc(12 * 1024 * 1024, 'x').map((_, at) => at % 251);
await new Upload({client, params: {Bucket, Key: 'js/large', Body: large}, partSize: 5 * 1024 * 1024}).done();
const sum = bytes => createHash('sha256').update(bytes).digest('hex');
expect(sum(await read('js/large')) === sum(large), 'what was uploaded in parts');
const listed = await client.send(new ListObjectsV2Command({Bucket, Prefix: 'js/', EncodingType: 'url'}));
expect(listed.KeyCount === 2, `two keys: ${listed.KeyCount}`);
// By default the SDK signs the checksum of the body that it has, which is none, and S3 refuses any other.
const command = new PutObjectCommand({Bucket, Key: 'js/presigned'});
const refused = await fetch(await getSignedUrl(client, command, {expiresIn: 60}), {method: 'PUT', body: 'by a URL'});
expect(refused.status === 400 && (await refused.text()).includes('<Code>BadDigest</Code>'), 'another checksum to be refused');
const plain = new S3Client({...settings, requestChecksumCalculation: 'WHEN_REQUIRED'});
const put = await getSignedUrl(plain, new PutObjectCommand({Bucket, Key: 'js/presigned'}), {expiresIn: 60});
expect((await fetch(put, {method: 'PUT', body: 'by a URL'})).status === 200, 'a presigned put');
const get = await getSignedUrl(client, new GetObjectCommand({Bucket, Key: 'js/presigned'}), {expiresIn: 60});
expect(await (await fetch(get)).text() === 'by a URL', 'a presigned get');
const {url, fields} = await createPresignedPost(client, {Bucket, Key: 'js/form/${filename}', Conditions: [['content-length-range', 1, 9]]});
const form = new FormData();
for (const [name, value] of Object.entries(fields)) form.append(name, value);
form.append('file', new Blob(['formed']), 'file.txt');
expect((await fetch(url, {method: 'POST', body: form})).status === 204, 'a form');
expect((await read('js/form/file.txt')).toString() === 'formed', 'what the form put');
const Objects = [{Key: key}, {Key: 'js/large'}];
expect((await client.send(new DeleteObjectsCommand({Bucket, Delete: {Objects}}))).Deleted.length === 2, 'two deleted');
const gone = await read(key).catch(error => error);
expect(gone instanceof NoSuchKey && gone.$metadata.httpStatusCode === 404, `an error of its own class: ${gone}`);
"""

PAGE = """<!doctype html><title>waiting</title><p id=said>waiting</p><script>
const say = text => document.getElementById('said').textContent = document.title = text;
(async () => {
  const put = await fetch(PUT, {method: 'PUT', body: 'from a page', headers: {'content-type': 'text/plain'}});
  const tag = put.headers.get('etag');
  const text = await (await fetch(GET)).text();
  const foreign = await fetch(FOREIGN).then(() => 'readable', () => 'refused');
  say(`${put.status} ${tag} ${text}; without a rule: ${foreign}`);
})().catch(error => say(`failed: ${error}`));
</script>"""


def main():
    cli = str(pathlib.Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory(prefix="fw-s3-") as folder, services(cli) as endpoint:
        folder = pathlib.Path(folder)
        # Without this, boto3 presigns with signatures of version 2 in us-east-1, which S3 refuses for new buckets.
        version = Config(signature_version="s3v4")
        client = boto3.client("s3", endpoint_url=endpoint, config=version, **keys())
        client.create_bucket(Bucket=BUCKET)
        synchronize(folder, endpoint)
        transfer(folder, client)
        javascript(endpoint)
        page(folder, client, sys.argv[2] if len(sys.argv) > 2 else None)
    print("\n4 passed, 0 failed")


def keys():
    return {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}


def synchronize(folder, endpoint):
    """`aws s3 sync`, there and back: a file in parts, names that need to be encoded, and files that are deleted."""
    up, down = folder / "up", folder / "down"
    (up / "a b").mkdir(parents=True)
    (up / "a b" / "c+d & é.txt").write_text("text")
    (up / "empty").write_text("")
    (up / "large").write_bytes(os.urandom(9 * 1024 * 1024))
    prefix = f"s3://{BUCKET}/sync"
    aws(endpoint, "s3", "sync", str(up), prefix)
    aws(endpoint, "s3", "sync", prefix, str(down))
    expect(content(up) == content(down), "the same files", (content(up), content(down)))
    (up / "empty").unlink()
    aws(endpoint, "s3", "sync", str(up), prefix, "--delete")
    aws(endpoint, "s3", "sync", prefix, str(down), "--delete")
    expect(content(up) == content(down), "the same files", (content(up), content(down)))


def content(folder):
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def transfer(folder, client):
    """boto3's transfer manager: parts at once, up and down, and a copy in parts."""
    config = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART, max_concurrency=4)
    source, back = folder / "source", folder / "back"
    source.write_bytes(os.urandom(3 * PART + 17))
    client.upload_file(str(source), BUCKET, "boto/large", Config=config, ExtraArgs={"Metadata": {"a": "1"}})
    client.copy({"Bucket": BUCKET, "Key": "boto/large"}, BUCKET, "boto/copy", Config=config)
    for key in ["boto/large", "boto/copy"]:
        client.download_file(BUCKET, key, str(back), Config=config)
        expect(back.read_bytes() == source.read_bytes(), "what was uploaded", key)
        head = client.head_object(Bucket=BUCKET, Key=key)
        expect(head["ETag"].endswith('-4"') and head["Metadata"] == {"a": "1"}, "four parts and the metadata", head)


def javascript(endpoint):
    """The JavaScript SDK, with its own uploads in parts, presigned URLs and forms."""
    node = shutil.which("node")
    if node is None:
        skip("the JavaScript SDK: there is no `node` in PATH")
        return
    script = CLIENTS / "clients.mjs"
    script.write_text(SCRIPT)
    run([node, str(script), endpoint, BUCKET])


def page(folder, client, screenshot):
    """A page of another origin that puts and gets by presigned URLs, as the bucket's CORS rules let it."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        skip(f"a page in a browser: there is none of {', '.join(BROWSERS)} in PATH")
        return

    def url(operation, bucket, key):
        return client.generate_presigned_url(operation, {"Bucket": bucket, "Key": key}, 60)

    client.create_bucket(Bucket="no-rules")
    client.put_object(Bucket="no-rules", Key="k", Body=b"secret")
    values = {
        "PUT": url("put_object", BUCKET, "page"),
        "GET": url("get_object", BUCKET, "page"),
        "FOREIGN": url("get_object", "no-rules", "k"),
    }
    document = PAGE
    for name, value in values.items():
        document = document.replace(f"({name}", f"({value!r}")
    (folder / "site").mkdir()
    (folder / "site" / "index.html").write_text(document)
    with site(folder / "site") as origin:
        rule = {"AllowedOrigins": [origin], "AllowedMethods": ["GET", "PUT"], "AllowedHeaders": ["*"], "ExposeHeaders": ["ETag"]}
        client.put_bucket_cors(Bucket=BUCKET, CORSConfiguration={"CORSRules": [rule]})
        # A name that leads to this machine, as a page of a site would have: the origin of a development server is let in anyway.
        start = [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'browser'}", "--virtual-time-budget=20000"]
        start.append("--host-resolver-rules=MAP app.example 127.0.0.1")
        shown = run([*start, "--dump-dom", origin])
        if screenshot:
            run([*start, f"--screenshot={screenshot}", "--window-size=700,120", origin])
    tag = hashlib.md5(b"from a page").hexdigest()
    wanted = f'200 "{tag}" from a page; without a rule: refused'
    expect(wanted in shown.replace("&quot;", '"'), wanted, shown)


@contextlib.contextmanager
def site(folder):
    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=str(folder))

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://app.example:{server.server_address[1]}"
    finally:
        server.shutdown()


@contextlib.contextmanager
def services(cli):
    child = subprocess.Popen([cli, "fw", "services", "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        endpoint = child.stdout.readline().strip()
        expect(urllib.parse.urlsplit(endpoint).port, "an endpoint", endpoint)
        yield endpoint
    finally:
        child.send_signal(signal.SIGINT)
        child.wait(timeout=30)


def aws(endpoint, *arguments):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    environment |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1", "LC_ALL": "C.UTF-8"}
    run([str(CLIENTS / "bin" / "aws"), "--endpoint-url", endpoint, *arguments, "--no-progress"], environment)


def run(command, environment=None):
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    expect(done.returncode == 0, f"exit code 0 of {command[0]}", f"{done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def skip(what):
    """On the developer's machine only: CI has everything."""
    expect(not os.environ.get("CI"), what, "nothing")
    print(f"-- without {what}")


def expect(holds, what, came):
    if not holds:
        sys.exit(f"s3_clients: expected {what}\n     came: {came}\n0 passed, 1 failed")


if __name__ == "__main__":
    main()

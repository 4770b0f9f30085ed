"""A server on this computer that speaks S3, what the environment says to reach it, and a shell in
that environment.
"""

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request

KEY, SECRET = "AKIASRCSELTESTKEY000", "nobody-may-read-this-secret-0123456789"
START_SECONDS = 120  # until the server answers, also on a busy computer
PAGE = 10  # files in a page of its listings
LOG = "requests.log"
PUT = """
import boto3, pathlib, sys
s3 = boto3.client("s3")
s3.create_bucket(Bucket="bucket")
for folder in sys.argv[1:]:
    folder = pathlib.Path(folder)
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            s3.upload_file(str(path), "bucket", f"{folder.name}/{path.relative_to(folder)}")
"""


@contextlib.contextmanager
def served(folder):
    """Yield where the server listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (folder / LOG).open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            env=os.environ | {"MOTO_S3_DEFAULT_MAX_KEYS": str(PAGE)},
            stdout=subprocess.DEVNULL,
            stderr=log,
            cwd=folder,
        )
    try:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


def fetched(folder):
    """Names of the files that the server in `folder` was asked for, in order."""
    lines = (folder / LOG).read_text().splitlines()
    paths = [found[1] for line in lines if (found := re.search(r'"GET /bucket/([^ ?"]+) ', line))]
    return [urllib.parse.unquote(path) for path in paths]


def emptied(endpoint, folder):
    """Empty the server, and return what a shell finds in its environment."""
    urllib.request.urlopen(
        urllib.request.Request(f"{endpoint}/moto-api/reset", method="POST")
    ).close()
    return {
        **{k: v for k, v in os.environ.items() if not k.startswith("AWS_")},
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(folder / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "none"),
    }


def shell(environment, *arguments):
    command = [sys.executable, "-m", "srcsel", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def put(environment, *folders):
    """Make the bucket, and put folders into it under their names."""
    command = [sys.executable, "-c", PUT, *map(str, folders)]
    subprocess.run(command, env=environment, check=True, capture_output=True)

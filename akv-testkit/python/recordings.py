"""Replays recorded traffic of Key Vault against akv-fake and prints the differences between the responses.

    recordings.py ACCEPTED FOLDER…

Needs a running akv-fake with one vault per recording (`recorded-1`, `recorded-2`, …), the same number of vaults
without soft delete (`old-1`, `old-2`, …), and the variables of its env.sh. ACCEPTED lists the accepted differences
with their reasons; an accepted difference that no longer occurs is also an error. The output contains only shapes and
values, never a body.
"""

import base64
import datetime
import glob
import json
import os
import re
import sys
import urllib.error
import urllib.parse
import urllib.request

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

CONTROL = os.environ["AKV_FAKE_CONTROL_URL"]
VAULT = os.environ["AKV_FAKE_VAULT_URL"]
# Headers of the connection or of one web server.
TRANSPORT_HEADERS = {"date", "content-length", "server", "x-powered-by", "x-aspnet-version", "transfer-encoding"}
# Members whose values differ between any two services.
OWN_VALUES = re.compile(
    r".*(^|\.)(id|kid|sid|cer|x5t|csr|request_id|target|nbf|exp|created|updated|recoveryId|deletedDate"
    r"|scheduledPurgeDate|value|nextLink|message)$"
)


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Loads the Python objects in some recordings as plain values."""


def _plain(loader, _, node):
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


Loader.add_multi_constructor("tag:yaml.org,2002:python/", _plain)


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = {name.lower(): value for name, value in headers}
        self.body = body if isinstance(body, str) else (body or b"").decode()
        try:
            self.json = json.loads(self.body)
        except ValueError:
            self.json = None


def recorded(response):
    status = response["status"]
    body = response["body"]
    headers = ((name, value[0] if isinstance(value, list) else value) for name, value in response["headers"].items())
    return Answer(
        status["code"] if isinstance(status, dict) else status,
        headers,
        body.get("string") if isinstance(body, dict) else body,
    )


def send(method, url, headers=None, body=None):
    data = body.encode() if isinstance(body, str) else body
    request = urllib.request.Request(url, data=data, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request) as answer:
            return Answer(answer.status, answer.getheaders(), answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers.items(), error.read())


def token():
    scope = VAULT.replace("://fake-vault.", "://").replace("://recorded-1.", "://").rstrip("/")
    form = {
        "grant_type": "client_credentials",
        "client_id": os.environ["AZURE_CLIENT_ID"],
        "client_secret": os.environ["AZURE_CLIENT_SECRET"],
        "scope": scope + "/.default",
    }
    url = f"{os.environ['AZURE_AUTHORITY_HOST'].rstrip('/')}/{os.environ['AZURE_TENANT_ID']}/oauth2/v2.0/token"
    return send("POST", url, body=urllib.parse.urlencode(form)).json["access_token"]


def turn_clock(seconds):
    send("POST", CONTROL + "/clock", body=json.dumps({"advance_seconds": seconds}))


def shape(value):
    return {bool: "boolean", int: "number", str: "text", list: "list", dict: "object"}.get(type(value), "null")


def compare(theirs, ours, path=""):
    """Yields the differences as text."""
    if shape(theirs) != shape(ours):
        yield f"{path} is {shape(ours)}, not {shape(theirs)}"
    elif isinstance(theirs, dict):
        for name in sorted(theirs.keys() | ours.keys()):
            member = f"{path}.{name}".strip(".")
            if name not in ours:
                yield f"{member} is missing"
            elif name not in theirs:
                yield f"{member} is too much"
            else:
                yield from compare(theirs[name], ours[name], member)
    elif isinstance(theirs, list):
        if len(theirs) != len(ours):
            yield f"{path} has {len(ours)} items, not {len(theirs)}"
        for one, other in zip(theirs, ours):
            yield from compare(one, other, path + "[]")
    elif theirs != ours and not OWN_VALUES.match(path):
        yield f"{path} is {ours!r}, not {theirs!r}"


def differences(theirs, ours):
    if theirs.status != ours.status:
        yield f"status is {ours.status}, not {theirs.status}"
        return
    for name in sorted(theirs.headers.keys() - ours.headers.keys() - TRANSPORT_HEADERS):
        yield f"header {name} is missing"
    for name in ("content-type", "retry-after", "location"):
        if (name in ours.headers) and (name not in theirs.headers):
            yield f"header {name} is too much"
    for name in ("content-type", "retry-after", "cache-control"):
        if name in theirs.headers and ours.headers.get(name) != theirs.headers[name]:
            yield f"header {name} is {ours.headers.get(name)!r}, not {theirs.headers[name]!r}"
    if "location" in theirs.headers and "location" in ours.headers:
        left, right = (
            re.sub(r"^https://[^/]+|[0-9a-f]{32}", "…", answer.headers["location"]) for answer in (theirs, ours)
        )
        if left != right:
            yield f"header location is {right!r}, not {left!r}"
    if theirs.json is None or ours.json is None:
        if bool(theirs.body) != bool(ours.body) or (theirs.json is None) != (ours.json is None):
            yield "the body is of another kind"
        return
    yield from compare(theirs.json, ours.json)


class Replay:
    """Replays one recording against one vault."""

    def __init__(self, number, bearer):
        self.base = re.sub(r"://[^.]+\.", f"://{number}.", VAULT).rstrip("/")
        self.bearer = bearer
        # Maps generated names of the real service to those of akv-fake.
        self.names = {}
        self.csr = None

    def run(self, calls):
        for number, call in enumerate(calls):
            request, theirs = call["request"], recorded(call["response"])
            ours = self.answer(request, theirs)
            self.learn(theirs.json, ours.json)
            for difference in differences(theirs, ours):
                yield number, f"{request['method']} {self.operation(request)}: {difference}"

    def answer(self, request, theirs):
        ours = self.ask(request, theirs)
        is_other = theirs.status != ours.status
        of_body = (text for text in differences(theirs, ours) if not text.startswith("header"))
        if is_other or (request["method"] == "GET" and any(of_body)):
            # The recording may have waited here.
            turn_clock(10)
            ours = self.ask(request, theirs)
        return ours

    def ask(self, request, theirs):
        url = self.base + self.renamed(re.sub(r"^https://[^/]+", "", str(request["uri"])))
        headers = {name: value[0] if isinstance(value, list) else value for name, value in request["headers"].items()}
        sent = {"Content-Type": "application/json"}
        sent.update((name, value) for name, value in headers.items() if name.lower() == "accept")
        if theirs.status != 401:
            sent["Authorization"] = "Bearer " + self.bearer
        body = request["body"]
        body = self.renamed(body.decode() if isinstance(body, bytes) else body or "")
        if "/pending/merge" in url and theirs.status == 201:
            body = json.dumps({"x5c": [sign(self.csr)]})
        return send(request["method"], url, sent, body or None)

    def renamed(self, text):
        for name, other in self.names.items():
            text = text.replace(name, other)
        return text

    def learn(self, theirs, ours):
        if isinstance(theirs, dict) and isinstance(ours, dict):
            self.csr = ours.get("csr", self.csr)
            for name in theirs.keys() & ours.keys():
                one, other = theirs[name], ours[name]
                if isinstance(one, str) and isinstance(other, str):
                    left, right = (re.search(r"/([0-9a-f]{32})$", text) for text in (one, other))
                    if left and right:
                        self.names[left[1]] = right[1]
                    elif name == "value":
                        self.names[one] = other
                else:
                    self.learn(one, other)
        elif isinstance(theirs, list) and isinstance(ours, list):
            for one, other in zip(theirs, ours):
                self.learn(one, other)

    @staticmethod
    def operation(request):
        path = urllib.parse.urlsplit(str(request["uri"])).path.strip("/").split("/")
        kept = {"certificates", "deletedcertificates", "versions", "pending", "policy", "create", "import", "merge"}
        kept |= {"backup", "restore", "recover", "contacts", "issuers"}
        named = [part if part in kept else "VERSION" if re.fullmatch("[0-9a-f]{32}", part) else "NAME" for part in path]
        return "/".join(named)


def sign(csr):
    """Signs a certificate request. Encodes the certificate like the SDK: the base64 text, in base64."""
    request = x509.load_der_x509_csr(base64.b64decode(csr))
    key = rsa.generate_private_key(65537, 2048)
    # The fake's clock was advanced.
    now = datetime.datetime.fromisoformat(re.sub(r"(\.\d{6})\d*Z|Z", r"\1+00:00", send("GET", CONTROL + "/clock").json["now"]))
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Recorded")])
    builder = x509.CertificateBuilder(issuer, request.subject, request.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now).not_valid_after(now + datetime.timedelta(minutes=1))
    certificate = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
    return base64.b64encode(base64.b64encode(certificate)).decode()


def main(accepted, folders):
    with open(accepted, encoding="utf-8") as file:
        accepted = [{**entry, "met": 0} for entry in json.load(file)]
    files = sorted(file for folder in folders for file in glob.glob(os.path.join(folder, "*.yaml")))
    bearer, calls, unknown = token(), 0, {}
    for number, path in enumerate(files, 1):
        with open(path, encoding="utf-8") as file:
            interactions = yaml.load(file, Loader)["interactions"]
        calls += len(interactions)
        # Many vaults had no soft delete at the time of the recordings.
        is_old = '"recoveryLevel":"Purgeable"' in json.dumps(interactions, default=str).replace("\\", "")
        vault = f"{'old' if is_old else 'recorded'}-{number}"
        for at, difference in Replay(vault, bearer).run(interactions):
            entry = next((entry for entry in accepted if re.fullmatch(entry["difference"], difference)), None)
            if entry:
                entry["met"] += 1
            else:
                unknown.setdefault(difference, []).append(f"{os.path.basename(path)}#{at}")
    for difference, where in sorted(unknown.items()):
        print(f"DIFFERS  {difference}\n         {len(where)} times, first in {where[0]}")
    unmet = [entry["difference"] for entry in accepted if not entry["met"]]
    for difference in unmet:
        print(f"NOT MET  {difference}")
    met = sum(entry["met"] for entry in accepted)
    print(f"{len(files)} recordings, {calls} calls, {met} accepted differences, {len(unknown)} others")
    sys.exit(1 if unknown or unmet else 0)


main(sys.argv[1], sys.argv[2:])

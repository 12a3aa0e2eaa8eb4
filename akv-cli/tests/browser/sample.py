"""Writes an inventory in the format of `akv inventory -o jsonl`: NUMBER certificates in vaults of 250. Some values
imitate markup, scripts, formulas or changes of the reading direction."""
import datetime
import json
import sys

NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
HOSTILE = [
    "</script><script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "]]><!--<script>",
    "\u202egnp.exe",
    "'\"`${document.title='owned'}",
    "javascript:alert(1)",
    "\u2028\u2029\u0000\u001b[2J",
    "=HYPERLINK(\"//x\")",
]
ISSUERS = ["CN=Contoso Issuing CA 1,O=Contoso", "CN=Contoso Issuing CA 2,O=Contoso", "CN=Fabrikam CA,O=Fabrikam"]


def record(number: int) -> dict:
    expires = NOW + datetime.timedelta(days=(number * 37) % 900 - 60, hours=1)
    created = expires - datetime.timedelta(days=365 if number % 10 else 800)
    tags = {"owner": ["pki", "web", "Ümläut team", "payments"][number % 4], "env": "prod"} if number % 5 else {}
    if number < len(HOSTILE):
        tags = {"owner": HOSTILE[number], HOSTILE[number]: HOSTILE[number]}
    subject = HOSTILE[number] if number < len(HOSTILE) else f"CN=host{number}.example.com"
    elliptic = number % 3 == 0
    return {
        "name": f"cert-{number:06}",
        "version": f"{number:032x}",
        "thumbprint": f"{number:040X}" if number % 50 else f"{number // 100:040X}",
        "enabled": number % 11 != 0,
        "notBefore": created.isoformat().replace("+00:00", "Z"),
        "expires": expires.isoformat().replace("+00:00", "Z"),
        "created": created.isoformat().replace("+00:00", "Z"),
        "updated": created.isoformat().replace("+00:00", "Z"),
        "privateKey": True,
        "keyType": "EC" if elliptic else "RSA",
        "exportable": True,
        "tags": tags,
        "certificates": [],
        "subject": subject,
        "issuer": ISSUERS[number % 3] if number >= len(HOSTILE) else HOSTILE[number],
        "serialNumber": f"{number:X}",
        "dnsNames": [f"host{number}.example.com", f"www{number}.example.com"] if number >= len(HOSTILE) else [],
        "keySize": None if elliptic else (1024 if number % 97 == 1 else 2048),
        "curve": "P-256" if elliptic else None,
        "storePath": f"11111111-2222-3333-4444-{number // 250000:012}:pki-rg:vault-{number // 250:05}",
    }


for number in range(int(sys.argv[1])):
    print(json.dumps(record(number)))

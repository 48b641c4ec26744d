"""Google's discovery documents as a second opinion: which requests there are, and which members the objects of a type have.

The documents come with the official client, ``google-api-python-client``, which only tests have.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final, NamedTuple
from urllib.parse import unquote, urlsplit

DOCUMENTS: Final = (
    "cloudasset.v1",
    "cloudresourcemanager.v3",
    "serviceusage.v1",
    "accessapproval.v1",
    "essentialcontacts.v1",
    "bigquery.v2",
    "admin.directory_v1",
    "iamcredentials.v1",
)
"""The documents of the services that the double answers for."""

SCHEMAS: Final[Mapping[str, tuple[str, str]]] = {
    "apikeys.googleapis.com/Key": ("apikeys.v2", "V2Key"),
    "appengine.googleapis.com/Version": ("appengine.v1", "Version"),
    "artifactregistry.googleapis.com/Repository": ("artifactregistry.v1", "Repository"),
    "bigquery.googleapis.com/Dataset": ("bigquery.v2", "Dataset"),
    "bigquery.googleapis.com/Table": ("bigquery.v2", "Table"),
    "cloudfunctions.googleapis.com/Function": ("cloudfunctions.v2", "Function"),
    "cloudkms.googleapis.com/CryptoKey": ("cloudkms.v1", "CryptoKey"),
    "cloudresourcemanager.googleapis.com/Folder": ("cloudresourcemanager.v3", "Folder"),
    "cloudresourcemanager.googleapis.com/Organization": ("cloudresourcemanager.v3", "Organization"),
    "cloudresourcemanager.googleapis.com/Project": ("cloudresourcemanager.v3", "Project"),
    "compute.googleapis.com/BackendService": ("compute.v1", "BackendService"),
    "compute.googleapis.com/Disk": ("compute.v1", "Disk"),
    "compute.googleapis.com/Firewall": ("compute.v1", "Firewall"),
    "compute.googleapis.com/FirewallPolicy": ("compute.v1", "FirewallPolicy"),
    "compute.googleapis.com/Image": ("compute.v1", "Image"),
    "compute.googleapis.com/Instance": ("compute.v1", "Instance"),
    "compute.googleapis.com/Network": ("compute.v1", "Network"),
    "compute.googleapis.com/Project": ("compute.v1", "Project"),
    "compute.googleapis.com/RegionBackendService": ("compute.v1", "BackendService"),
    "compute.googleapis.com/Snapshot": ("compute.v1", "Snapshot"),
    "compute.googleapis.com/SslPolicy": ("compute.v1", "SslPolicy"),
    "compute.googleapis.com/Subnetwork": ("compute.v1", "Subnetwork"),
    "compute.googleapis.com/TargetHttpsProxy": ("compute.v1", "TargetHttpsProxy"),
    "compute.googleapis.com/TargetSslProxy": ("compute.v1", "TargetSslProxy"),
    "container.googleapis.com/Cluster": ("container.v1", "Cluster"),
    "dataproc.googleapis.com/Cluster": ("dataproc.v1", "Cluster"),
    "dns.googleapis.com/ManagedZone": ("dns.v1", "ManagedZone"),
    "dns.googleapis.com/Policy": ("dns.v1", "Policy"),
    "essentialcontacts.googleapis.com/Contact": ("essentialcontacts.v1", "GoogleCloudEssentialcontactsV1Contact"),
    "iam.googleapis.com/Role": ("iam.v1", "Role"),
    "iam.googleapis.com/ServiceAccount": ("iam.v1", "ServiceAccount"),
    "iam.googleapis.com/ServiceAccountKey": ("iam.v1", "ServiceAccountKey"),
    "iam.googleapis.com/WorkloadIdentityPoolProvider": ("iam.v1", "WorkloadIdentityPoolProvider"),
    "identity.accesscontextmanager.googleapis.com/ServicePerimeter": ("accesscontextmanager.v1", "ServicePerimeter"),
    "logging.googleapis.com/LogBucket": ("logging.v2", "LogBucket"),
    "logging.googleapis.com/LogMetric": ("logging.v2", "LogMetric"),
    "logging.googleapis.com/LogSink": ("logging.v2", "LogSink"),
    "monitoring.googleapis.com/AlertPolicy": ("monitoring.v3", "AlertPolicy"),
    "secretmanager.googleapis.com/Secret": ("secretmanager.v1", "Secret"),
    "sqladmin.googleapis.com/Instance": ("sqladmin.v1", "DatabaseInstance"),
    "storage.googleapis.com/Bucket": ("storage.v1", "Bucket"),
}
"""The asset types of the double's inventory, each with its discovery document and schema."""

_PLACE: Final = re.compile(r"\{\+?(\w+)\}")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)")
_INTEGER: Final = re.compile(r"-?\d+")


class Method(NamedTuple):
    """A method of a service: its id, verb, the pattern of its path, its parameters by name, scopes and the answer's schema."""

    document: str
    key: str
    verb: str
    host: str
    pattern: re.Pattern[str]
    parameters: Mapping[str, Mapping[str, Any]]
    scopes: tuple[str, ...]
    response: str

    def place(self, path: str) -> dict[str, str]:
        """Return the parameters in a path, by name."""
        matched = self.pattern.fullmatch(path)
        return {name: unquote(value) for name, value in matched.groupdict().items()} if matched else {}


@cache
def document(name: str) -> dict[str, Any]:
    """Return a discovery document, such as ``cloudasset.v1``."""
    read = files("googleapiclient.discovery_cache.documents").joinpath(f"{name}.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(read)
    return loaded


@cache
def methods() -> tuple[Method, ...]:
    """Return all methods of the services of the double."""
    return tuple(method for name in DOCUMENTS for method in _methods(name, document(name), document(name)))


def _methods(name: str, whole: Mapping[str, Any], part: Mapping[str, Any]) -> Iterator[Method]:
    for one in part.get("methods", {}).values():
        steps = _PLACE.split(one["path"])
        parameters = {**whole["parameters"], **one.get("parameters", {})}
        pattern = "".join(
            re.escape(step) if number % 2 == 0 else f"(?P<{step}>{parameters[step].get('pattern', '[^/]+').strip('^$')})"
            for number, step in enumerate(steps)
        )
        path = re.compile(f"/{re.escape(whole['servicePath'])}{pattern}")
        host = urlsplit(whole["rootUrl"]).netloc
        scopes, response = tuple(one.get("scopes", ())), one.get("response", {}).get("$ref", "")
        yield Method(name, one["id"], one["httpMethod"], host, path, parameters, scopes, response)
    for below in part.get("resources", {}).values():
        yield from _methods(name, whole, below)


@cache
def method_of(verb: str, host: str, path: str) -> Method | None:
    """Return the method that a request asks for, None if there is none."""
    of_host = (one for one in methods() if (one.verb, one.host) == (verb, host))
    return next((one for one in of_host if one.pattern.fullmatch(path)), None)


def wrong_parameters(method: Method, pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield why parameters of a query are refused, in Google's words."""
    seen = set()
    for name, value in pairs:
        known = method.parameters.get(name)
        if known is None or known["location"] != "query":
            yield (
                f'Invalid JSON payload received. Unknown name "{name}": '
                f"Cannot bind query parameter. Field '{name}' could not be found in request message."
            )
            continue
        if name in seen and not known.get("repeated"):
            yield f"Invalid value at '{name}', Proto field is not repeating, cannot bind it twice."
        seen.add(name)
        if value not in known.get("enum", (value,)):
            yield f"Invalid value at '{name}' (TYPE_ENUM), \"{value}\""
        if known["type"] == "integer" and not _INTEGER.fullmatch(value):
            yield f"Invalid value at '{name}' (TYPE_INT32), \"{value}\""
        if known["type"] == "boolean" and value not in ("true", "false"):
            yield f"Invalid value at '{name}' (TYPE_BOOL), \"{value}\""
        if known.get("format") == "google-datetime" and not _TIME.fullmatch(value):
            yield f"Invalid value at '{name}' (type.googleapis.com/google.protobuf.Timestamp), \"{value}\""


def faults(name: str, schema: str, value: Any) -> list[str]:
    """Return the members of an object that a schema of a document does not have, or has with values of another kind."""
    return [*_of_schema(document(name)["schemas"], {"$ref": schema}, value, "")]


def faults_of_asset(asset: Mapping[str, Any]) -> list[str]:
    """Return the faults of an asset and of its data."""
    data = (asset.get("resource") or {}).get("data")
    document_name, schema = SCHEMAS[asset["assetType"]]
    inner = faults(document_name, schema, data) if data is not None else []
    return [*faults("cloudasset.v1", "Asset", asset), *(f"resource.data.{fault}" for fault in inner)]


def _of_schema(schemas: Mapping[str, Any], schema: Mapping[str, Any], value: Any, place: str) -> Iterator[str]:
    schema = schemas[schema["$ref"]] if "$ref" in schema else schema
    kind = schema.get("type", "any")
    if not _KINDS[kind](value):
        yield f"{place.rstrip('.') or 'the object'} is no {kind}: {value!r}"
    elif kind == "object":
        yield from _of_object(schemas, schema, value, place)
    elif kind == "array":
        for number, part in enumerate(value):
            yield from _of_schema(schemas, schema["items"], part, f"{place.rstrip('.')}[{number}].")
    elif kind == "string" and "enum" in schema and value not in schema["enum"]:
        yield f"{place.rstrip('.')} is none of its values: {value!r}"
    elif kind == "string" and schema.get("format") in ("int64", "uint64") and not _INTEGER.fullmatch(value):
        yield f"{place.rstrip('.')} is no {schema['format']}: {value!r}"


def _of_object(schemas: Mapping[str, Any], schema: Mapping[str, Any], value: Mapping[str, Any], place: str) -> Iterator[str]:
    properties, others = schema.get("properties", {}), schema.get("additionalProperties")
    for name, part in value.items():
        if name in properties:
            yield from _of_schema(schemas, properties[name], part, f"{place}{name}.")
        elif others is not None:
            yield from _of_schema(schemas, others, part, f"{place}{name}.")
        else:
            yield f"{place}{name} is in no schema"


_KINDS: Final = {
    "any": lambda value: True,
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
}

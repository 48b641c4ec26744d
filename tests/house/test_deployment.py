"""The files below ``deploy/``: their form, the commands that they start, and the limits that they set."""

from __future__ import annotations

import http.client
import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from perpend.cli.app import group

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted(path for path in (DEPLOY / "systemd").iterdir() if path.suffix in (".service", ".timer"))
COMPOSE = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
BASE = DEPLOY / "kustomize" / "base"
EXAMPLE = DEPLOY / "kustomize" / "overlays" / "example"
CONFIGURATIONS = sorted(DEPLOY.rglob("perpend.toml"))
HOW_TO = (ROOT / "docs" / "how-to" / "deploy.md").read_text("utf-8")
CONTAINER = (ROOT / "Containerfile").read_text("utf-8")

MOST_EXPOSED = 20
"""The highest exposure of a unit, of 100, as `systemd-analyze security` counts it."""

_SHOWN = re.compile(r"(?:^|=/opt/perpend/bin/)perpend (.+?)(?: +>.*)?$|compose run .*\bscan ([a-z].+)$", re.MULTILINE)
_VARIABLE = re.compile(r"\$\{(\w+)(?::[?-][^}]*)?\}|\$\((\w+)\)")


def kustomization(directory: Path) -> dict[str, Any]:
    return dict(yaml.safe_load((directory / "kustomization.yaml").read_text("utf-8")))


def manifests(directory: Path) -> list[dict[str, Any]]:
    """Return the manifests that a directory of Kustomize adds itself, not those of its bases."""
    files = [directory / name for name in kustomization(directory)["resources"] if name.endswith(".yaml")]
    return [manifest for path in files for manifest in yaml.safe_load_all(path.read_text("utf-8"))]


def named(kind: str) -> dict[str, dict[str, Any]]:
    """Return the manifests of a kind by name, those of the example overlay included."""
    found = [one for directory in (BASE, EXAMPLE) for one in manifests(directory) if one["kind"] == kind]
    return {one["metadata"]["name"]: one for one in found}


def templates() -> dict[str, dict[str, Any]]:
    """Return the pods that manifests start, by the name of their Deployment or CronJob."""
    jobs = {name: one["spec"]["jobTemplate"]["spec"]["template"] for name, one in named("CronJob").items()}
    return {name: one["spec"]["template"] for name, one in named("Deployment").items()} | jobs


def labels(template: dict[str, Any]) -> set[tuple[str, str]]:
    """Return the labels of a pod with those that Kustomize adds."""
    added = [pair for entry in kustomization(BASE)["labels"] for pair in entry["pairs"].items()]
    return {*template["metadata"]["labels"].items(), *added}


def containers() -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    return [(name, one["spec"], container) for name, one in templates().items() for container in one["spec"]["containers"]]


def starts() -> Iterator[tuple[str, list[str]]]:
    """Yield the place and the arguments of each command of Perpend that a file starts, and each that the how-to shows."""
    for name, service in SERVICES.items():
        if "perpend" in service["image"].split(":")[0].split("/"):
            yield f"compose {name}", service["command"]
    for name, _, container in containers():
        if container["image"] == "perpend":
            script = container["args"][0] if "command" in container else None
            lines = [] if script is None else [line.partition("||")[0] for line in script.splitlines()]
            for arguments in [container["args"]] if script is None else [shlex.split(line)[1:] for line in lines]:
                yield f"kustomize {name} {arguments[0]}", arguments
    for unit in UNITS:
        for line in re.findall(r"^ExecStart=/opt/perpend/bin/perpend (.+)$", unit.read_text("utf-8"), re.MULTILINE):
            yield f"{unit.name} {line.split()[0]}", shlex.split(line)
    for match in _SHOWN.finditer(HOW_TO):
        line = match[1] or match[2]
        yield f"deploy.md {line}", shlex.split(line)


STARTS = dict(starts())


def parsed(arguments: list[str]) -> click.Context:
    """Parse the arguments of `perpend` as the command line does. Raises UsageError."""
    command: click.Command = group
    context = click.Context(group, info_name="perpend")
    while isinstance(command, click.Group):
        name, found, arguments = command.resolve_command(context, arguments)
        assert found is not None
        command, above = found, context
        context = click.Context(command, info_name=name, parent=above) if isinstance(command, click.Group) else above
    return command.make_context(name, arguments, parent=context)


def test_every_way_serves_and_scans() -> None:
    assert {"compose serve", "compose scan", "kustomize perpend-serve serve", "kustomize perpend-scan scan"} <= STARTS.keys()
    assert {"perpend-serve.service serve", "perpend-scan.service scan"} <= STARTS.keys()


@pytest.mark.parametrize("place", STARTS)
@pytest.mark.parametrize("configuration", CONFIGURATIONS, ids=lambda path: path.parent.name)
def test_perpend_has_the_commands_and_options(
    place: str, configuration: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERPEND_CONFIG", str(configuration))
    monkeypatch.chdir(tmp_path)
    arguments = [_VARIABLE.sub(lambda match: match[1] or match[2], argument) for argument in STARTS[place]]
    assert parsed(arguments).params


@pytest.mark.parametrize("arguments", [["serve", "--store=x", "--no-such-option"], ["scan", "no-such-cloud"]])
def test_a_wrong_option_is_noticed(arguments: list[str]) -> None:
    with pytest.raises(click.UsageError):
        parsed(arguments)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "status"),
    [("compose serve", 401), ("kustomize perpend-serve serve", 200), ("perpend-serve.service serve", 401)],
)
def test_the_server_starts_as_written_and_believes_no_other_address(place: str, status: int, tmp_path: Path) -> None:
    """Before the first scan it is alive and not ready. A header of this machine names a reader only in the pod."""
    (tmp_path / "token").write_text("0123456789" * 4 + "\n", "utf-8")
    (tmp_path / "token").chmod(0o600)
    own = {"--store": str(tmp_path / "store"), "--token-file": str(tmp_path / "token")}
    words = [word for argument in STARTS[place] for word in argument.split("=", 1)]
    for before, name in enumerate(words[:-1]):
        if name in own:
            words[before + 1] = own[name]
        elif name == "--bind":
            words[before + 1] = words[before + 1].rpartition(":")[0] + ":0"
        elif name == "--host":
            words[before + 1] = "perpend.example.com"
    command = [sys.executable, "-m", "perpend", *words]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None
            said = json.loads(server.stderr.readline())["message"]
            found = re.search(r":(\d+)/ ", said)
            assert found, said
            headers = {"Host": "perpend.example.com" if "--host" in words else "localhost", "X-Forwarded-User": "ann"}
            answers = [answered(int(found[1]), path, headers) for path in ("/healthz", "/readyz", "/metrics")]
        finally:
            server.terminate()
            server.communicate()
    assert (0, [200, 503, status]) == (server.returncode, answers)


def answered(port: int, path: str, headers: dict[str, str]) -> int:
    """Return the status of an answer of a server on this machine."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.medium
def test_the_guide_warns_of_forwarded_ports() -> None:
    [server] = [container for name, _, container in containers() if (name, container["name"]) == ("perpend-serve", "perpend")]
    assert "--trust-from=127.0.0.1/32" in server["args"]
    kubernetes = HOW_TO.partition("## Kubernetes")[2].partition("\n## ")[0]
    assert re.search(r"`kubectl port-forward` .* `127\.0\.0\.1`.*\s+`pods/portforward`", kubernetes)


def test_the_compose_file_has_the_form_of_the_specification() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    checked = subprocess.run([*command, DEPLOY / "compose" / "compose.yaml"], capture_output=True, text=True, check=False)
    assert (0, "") == (checked.returncode, checked.stdout.partition("ok -- validation done")[0] + checked.stderr)


def test_only_the_proxy_reaches_the_server_of_compose() -> None:
    serve, proxy = SERVICES["serve"], SERVICES["oauth2-proxy"]
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert ["inside"] == list(serve["networks"])
    assert "ports" not in serve
    assert {"serve", "oauth2-proxy"} == {name for name, one in SERVICES.items() if "inside" in one["networks"]}
    trusted = option(serve["command"], "--trust-from")
    assert f"{proxy['networks']['inside']['ipv4_address']}/32" == trusted.split()[0]
    assert f"http://{serve['networks']['inside']['ipv4_address']}:8080" == option(proxy["command"], "--upstream")
    assert all(port.startswith("127.0.0.1:") for port in proxy["ports"])


def test_services_of_compose_are_confined() -> None:
    for name, service in SERVICES.items():
        assert service["read_only"] is True, name
        assert ["ALL"] == service["cap_drop"], name
        assert ["no-new-privileges:true"] == service["security_opt"], name
        assert service["mem_limit"], name
        assert not [key for key in service.get("environment", {}) if re.search("SECRET$|TOKEN$|PASSWORD$|KEY$", key)], name
    assert ["scan"] == SERVICES["scan"]["profiles"]
    assert all(set(service.get("secrets", [])) <= COMPOSE["secrets"].keys() for service in SERVICES.values())


def test_pods_are_confined() -> None:
    for name, pod, container in containers():
        allowed = container["securityContext"]
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert {"type": "RuntimeDefault"} == pod["securityContext"]["seccompProfile"], name
        assert (False, True) == (allowed["allowPrivilegeEscalation"], allowed["readOnlyRootFilesystem"]), name
        assert {"drop": ["ALL"]} == allowed["capabilities"], name
        assert container["resources"]["limits"]["memory"], name
        assert pod["automountServiceAccountToken"] is False, name
    (scan,) = named("CronJob").values()
    assert "Forbid" == scan["spec"]["concurrencyPolicy"]
    assert scan["spec"]["jobTemplate"]["spec"]["activeDeadlineSeconds"]


def test_selectors_meet_labels() -> None:
    of_pods = {name: labels(template) for name, template in templates().items()}
    for name, deployment in named("Deployment").items():
        assert set(deployment["spec"]["selector"]["matchLabels"].items()) <= of_pods[name]
    policies = [one["spec"]["podSelector"]["matchLabels"] for one in named("NetworkPolicy").values()]
    selected = [*policies, *(one["spec"]["selector"] for one in named("Service").values())]
    for _, pod, _ in containers():
        terms = pod.get("affinity", {}).get("podAffinity", {}).get("requiredDuringSchedulingIgnoredDuringExecution", [])
        selected += [term["labelSelector"]["matchLabels"] for term in terms]
    met = [[name for name, found in of_pods.items() if set(one.items()) <= found] for one in selected]
    assert all(len(names) == 1 for names in met)
    assert templates().keys() == {names[0] for names in met[: len(policies)]}, "each pod has a network policy"


def test_ports_and_probes_exist() -> None:
    ports = {port["name"]: port["containerPort"] for _, _, container in containers() for port in container.get("ports", ())}
    probed = {}
    for _, _, container in containers():
        own = {port["name"] for port in container.get("ports", ())}
        for kind in ("livenessProbe", "readinessProbe", "startupProbe"):
            if kind in container:
                probed[container["name"], kind] = container[kind]["httpGet"]["path"]
                assert container[kind]["httpGet"]["port"] in own
    assert ("/healthz", "/readyz") == (probed["perpend", "livenessProbe"], probed["perpend", "readinessProbe"])
    for service in named("Service").values():
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports.keys()
    (ingress,) = named("Ingress").values()
    (path,) = ingress["spec"]["rules"][0]["http"]["paths"]
    backend = path["backend"]["service"]
    assert backend["port"]["name"] in {port["name"] for port in named("Service")[backend["name"]]["spec"]["ports"]}
    (serve, proxy) = templates()["perpend-serve"]["spec"]["containers"]
    assert f"0.0.0.0:{ports['direct']}" == option(serve["args"], "--bind")
    assert f"http://127.0.0.1:{ports['direct']}" == option(proxy["args"], "--upstream")
    assert "127.0.0.1/32" == option(serve["args"], "--trust-from"), "no other pod is believed"


def test_manifests_refer_to_objects_that_exist() -> None:
    """A secret is made by hand; the how-to shows the command."""
    made = set(re.findall(r"create secret \w+ ([\w-]+)", HOW_TO))
    generated = {one["name"] for one in kustomization(EXAMPLE)["configMapGenerator"]}
    literals = {
        pair.partition("=")[0] for one in kustomization(EXAMPLE)["configMapGenerator"] for pair in one.get("literals", ())
    }
    for name, pod, container in containers():
        assert pod["serviceAccountName"] in named("ServiceAccount"), name
        volumes = {one["name"]: one for one in pod["volumes"]}
        assert {mount["name"] for mount in container["volumeMounts"]} <= volumes.keys(), name
        assert {one["secret"]["secretName"] for one in volumes.values() if "secret" in one} <= made, name
        assert {one["configMap"]["name"] for one in volumes.values() if "configMap" in one} <= generated, name
        claims = {one["persistentVolumeClaim"]["claimName"] for one in volumes.values() if "persistentVolumeClaim" in one}
        assert claims <= named("PersistentVolumeClaim").keys(), name
        assert {one["configMapRef"]["name"] for one in container.get("envFrom", ())} <= generated, name
        assert set(re.findall(r"\$\((\w+)\)", " ".join(container["args"]))) <= literals, name
    patched = [
        (one["kind"], one["metadata"]["name"])
        for patch in kustomization(EXAMPLE)["patches"]
        for one in yaml.safe_load_all((EXAMPLE / patch["path"]).read_text("utf-8"))
    ]
    assert patched
    assert [] == [name for kind, name in patched if name not in named(kind)]


@pytest.mark.skipif(shutil.which("kubectl") is None and shutil.which("kustomize") is None, reason="no tool builds manifests")
@pytest.mark.parametrize("directory", [BASE, EXAMPLE], ids=["base", "example"])
def test_kustomize_builds_the_manifests(directory: Path) -> None:
    command = ["kustomize", "build"] if shutil.which("kustomize") else ["kubectl", "kustomize"]
    built = subprocess.run([*command, directory], capture_output=True, text=True, check=False)
    assert (0, "") == (built.returncode, built.stderr)
    kinds = [one["kind"] for one in yaml.safe_load_all(built.stdout)]
    assert {"CronJob", "Deployment", "NetworkPolicy", "Service"} <= set(kinds)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_takes_the_units_and_calls_them_confined(tmp_path: Path) -> None:
    """The program stands in for the one that an installation has, as systemd looks whether it is there."""
    for unit in UNITS:
        text = unit.read_text("utf-8").replace("/opt/perpend/bin/perpend", sys.executable)
        (tmp_path / unit.name).write_text(text, "utf-8")
    paths = [tmp_path / unit.name for unit in UNITS]
    verified = subprocess.run(["systemd-analyze", "verify", "--man=no", *paths], capture_output=True, text=True, check=False)
    assert (0, "") == (verified.returncode, verified.stdout + verified.stderr)
    for path in paths:
        if path.suffix == ".service":
            command = ["systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSED}", "--no-pager", path]
            rated = subprocess.run(command, capture_output=True, text=True, check=False)
            assert 0 == rated.returncode, rated.stdout


def test_the_units_have_equal_sandboxes() -> None:
    """Both run as one user on one store, so a weaker one would open the other."""
    services = [unit.read_text("utf-8") for unit in UNITS if unit.suffix == ".service"]
    scan, serve = (text.partition("CapabilityBoundingSet=")[2].split("\n\n")[0].strip() for text in services)
    assert scan.count("\n") > 20
    assert scan == serve


def test_the_parts_agree_on_image_user_and_versions() -> None:
    user = re.findall(r"^USER (\d+):\1$", CONTAINER, re.MULTILINE)[0]
    for _, pod, container in containers():
        if container["image"] == "perpend":
            both = {**pod["securityContext"], **container["securityContext"]}
            assert {int(user)} == {both["runAsUser"], both["runAsGroup"], both["fsGroup"]}
    assert f"/var/cache/perpend:uid={user},gid={user},mode=0700" in SERVICES["serve"]["tmpfs"]
    extras = set(SERVICES["serve"]["build"]["args"]["EXTRAS"].split(","))
    assert extras <= tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"].keys()
    images = {one["name"]: f"{one['newName']}:{one['newTag']}" for one in kustomization(BASE)["images"]}
    assert images.keys() == {container["image"] for _, _, container in containers()}
    assert images["oauth2-proxy"] == SERVICES["oauth2-proxy"]["image"]
    proxies = [SERVICES["oauth2-proxy"]["command"], templates()["perpend-serve"]["spec"]["containers"][1]["args"]]
    for name in ("--pass-basic-auth", "--cookie-name", "--code-challenge-method", "--prefer-email-to-user"):
        assert option(proxies[0], name) == option(proxies[1], name)


def option(arguments: list[str], name: str) -> str:
    """Return the value of an option that stands in the arguments once."""
    (value,) = (argument.partition("=")[2] for argument in arguments if argument.partition("=")[0] == name)
    return value

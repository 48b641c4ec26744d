"""Other tools whose checks a policy may name by id. The ids are facts; names and texts of the checks are not copied."""

from __future__ import annotations

from typing import Final

from perpend.core.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool: its key in ``similarPolicies``, its name, the form of its ids with an example, and the address of a check."""

    key: str
    name: str
    pattern: str
    example: str
    page: str


TOOLS: Final = (
    Tool("prowler", "Prowler", "[a-z0-9]+(_[a-z0-9]+)+", "ec2_ami_public", "https://hub.prowler.com/check/{}"),
    Tool(
        "awsConfig",
        "AWS Config",
        "[a-z0-9]+(-[a-z0-9]+)+",
        "ec2-imdsv2-check",
        "https://docs.aws.amazon.com/config/latest/developerguide/{}.html",
    ),
    Tool("trivy", "Trivy", "AVD-AWS-[0-9]{4}", "AVD-AWS-0107", "https://avd.aquasec.com/misconfig/{}"),
)


@dataclass(frozen=True, slots=True)
class ToolCheck:
    """A check of another tool, by its id there."""

    tool: Tool
    id: str

    @property
    def name(self) -> str:
        """The id with its tool: ``prowler:ec2_ami_public``."""
        return f"{self.tool.key}:{self.id}"

    @property
    def url(self) -> str:
        """The page of the check."""
        return self.tool.page.format(self.id.lower())

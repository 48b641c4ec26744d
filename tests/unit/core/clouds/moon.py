"""The identity module of an invented cloud."""

from __future__ import annotations

from typing import Final

from perpend.core.clouds.cloud import Cloud

MOON: Final = Cloud(
    name="moon",
    title="Moon",
    provider="Moon",
    types="MOON__[A-Za-z]+__c",
    account_types=("MOON__Base__c",),
    account="base-[0-9]+",
    account_words="`base-` and a number",
    account_example="base-7",
    region="crater-[a-z]+",
    region_fields=("crater",),
    accounts_of_id=("^moon:(base-[0-9]+)(?:/|$)",),
)

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from session_ops import schema
from session_ops.case import PHASES, Case


@pytest.mark.parametrize("phase", PHASES)
def test_published_schemas_are_in_step_with_the_dataclasses(phase: str) -> None:
    published = (schema.FOLDER / f"{phase}.schema.json").read_bytes()
    assert published == schema.text(phase), "run `python -m session_ops.schema`"
    jsonschema.Draft202012Validator.check_schema(json.loads(published))


def test_every_document_of_a_case_fits_its_schema(tmp_path: Path) -> None:
    case = Case.open(case=str(tmp_path / "case"))
    for phase in PHASES:
        case.save(phase, case.compute(phase))
        stored = json.loads((case.folder / f"{phase}.json").read_bytes())
        jsonschema.validate(stored, schema.schema(phase), cls=jsonschema.Draft202012Validator)

"""Write the JSON schema and the key reference into a folder: python -m evenwicht.config config."""

import json
import sys
from pathlib import Path

from evenwicht.base.files import write_text
from evenwicht.config import json_schema
from evenwicht.config.reference import key_reference

folder = Path(sys.argv[1])
write_text(json.dumps(json_schema(), indent=1) + "\n", folder / "schema.json")
write_text(key_reference(), folder / "README.md")

"""Write the JSON schema: python -m evenwicht.config config/schema.json."""

import json
import sys

from evenwicht.config import json_schema
from evenwicht.files import write_text

write_text(json.dumps(json_schema(), indent=1) + "\n", sys.argv[1])

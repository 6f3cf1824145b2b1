"""A randomised early programme whose effect fades to a small lasting part."""

"""A stressor in several periods of life, and symptoms in adult life."""

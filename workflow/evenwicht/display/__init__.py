"""How anything is shown; knows no study."""

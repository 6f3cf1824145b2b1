"""What every room shares: names, errors, files, random streams, and settings of columns, outcomes and covariates."""

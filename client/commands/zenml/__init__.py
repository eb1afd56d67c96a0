"""`stackroom zenml …`: stores on disk, and servers."""

"""Forms that people keep: tables as CSV, Excel workbooks and JSON. Bytes to rows of texts or problems, and back."""

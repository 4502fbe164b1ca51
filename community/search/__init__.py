"""The search (rule 3.16): what is asked is resolved to what the reader may know; permission is in the SQL itself."""

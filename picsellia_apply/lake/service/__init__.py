"""The lake's rules, by family. Each works on an open transaction and knows no HTTP."""

"""The Admin GraphQL API: the published schema, executed, with its search, pages and costs."""

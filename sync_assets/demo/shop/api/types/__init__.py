"""The types of the schema that the shop serves, field by field."""

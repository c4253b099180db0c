"""The API of tenants and their back ends: writes requests and reads the store; knows no Dagster."""

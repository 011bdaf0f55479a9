"""The `retail` command: what surrounds dbt, from files that land to a warehouse that can be trusted."""

"""The static site: pages of `dashboards/`, drawn from the analyses of `analyses/dashboards/`, and dbt's docs."""

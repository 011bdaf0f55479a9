"""A refresh of extracts on Tableau Server or Tableau Cloud once gold is published, where it is set up.

RETAIL_TABLEAU_URL (`https://tableau.example.com`), RETAIL_TABLEAU_SITE (empty: the default site), RETAIL_TABLEAU_TOKEN_NAME and
RETAIL_TABLEAU_TOKEN_SECRET (a personal access token), RETAIL_TABLEAU_DATASOURCES and RETAIL_TABLEAU_WORKBOOKS (ids, with commas).
"""

import os
from dataclasses import dataclass

from retail import console
from retail.errors import UserError

# Seconds for a call to the server; the refresh itself is a job that it does by itself.
CALL_SECONDS = 30


@dataclass(frozen=True)
class Settings:
    """Where Tableau is, who asks, and what to refresh: ids of data sources and workbooks. `secret` is never shown."""

    url: str
    site: str
    token: str
    secret: str
    datasources: tuple[str, ...]
    workbooks: tuple[str, ...]


def configured() -> Settings | None:
    """What the environment says; None where it names no server. UserError where something is left out."""
    url = os.environ.get("RETAIL_TABLEAU_URL")
    if not url:
        return None
    values = {name: os.environ.get(f"RETAIL_TABLEAU_{name}", "") for name in ("TOKEN_NAME", "TOKEN_SECRET")}
    ids = [
        tuple(filter(None, map(str.strip, os.environ.get(f"RETAIL_TABLEAU_{name}", "").split(","))))
        for name in ("DATASOURCES", "WORKBOOKS")
    ]
    lacking = [f"RETAIL_TABLEAU_{name}" for name, value in values.items() if not value]
    if not any(ids):
        lacking.append("RETAIL_TABLEAU_DATASOURCES or RETAIL_TABLEAU_WORKBOOKS")
    if lacking:
        raise UserError(f"RETAIL_TABLEAU_URL is set, but not {', '.join(lacking)}")
    site = os.environ.get("RETAIL_TABLEAU_SITE", "")
    return Settings(url, site, values["TOKEN_NAME"], values["TOKEN_SECRET"], *ids)


def refresh(tableau: Settings) -> list[str]:
    """Ask for the refreshes; the ids of the jobs. UserError where Tableau cannot be reached or refuses."""
    try:
        import tableauserverclient as client
    except ImportError:
        raise UserError("tableauserverclient is not installed, which RETAIL_TABLEAU_URL needs: `make bi`") from None
    import requests
    from tableauserverclient.server.endpoint.exceptions import TableauError

    server = client.Server(tableau.url, http_options={"timeout": CALL_SECONDS})
    what = "the sign-in"
    try:
        server.use_server_version()
        account = client.PersonalAccessTokenAuth(tableau.token, tableau.secret, site_id=tableau.site)
        jobs = []
        with server.auth.sign_in(account):
            for endpoint, ids in ((server.datasources, tableau.datasources), (server.workbooks, tableau.workbooks)):
                for each in ids:
                    what = f"the refresh of {each}"
                    job = endpoint.refresh(each)
                    # none where a refresh of it waits already
                    jobs.append(job.id if job else f"{each} waits already")
            what = "the sign-out"
        return jobs
    except TableauError as error:
        # its text may quote what was sent
        why = " ".join(str(getattr(error, name)) for name in ("code", "summary") if getattr(error, name, ""))
        raise UserError(f"Tableau at {tableau.url} refuses {what}: {why or type(error).__name__}") from None
    except requests.RequestException as error:
        raise UserError(f"Tableau at {tableau.url} cannot be reached for {what}: {type(error).__name__}") from None


def run(_: float) -> int:
    """Refresh what the settings name; the exit code. Nothing is set up: nothing to do."""
    tableau = configured()
    if tableau is None:
        return 0
    jobs = refresh(tableau)
    console.out.print(
        f"Tableau refreshes {len(jobs)} extract{'s' * (len(jobs) != 1)}: jobs {', '.join(jobs)}", markup=False
    )
    return 0

"""What of a problem, a site or a party is found by the search box."""

from typing import Any

from casetracker import search


def index_problem(problem: Any) -> str:
    """The search column of a problem: its number, place, kind, words, party, and facets for fixed filters."""
    kind = problem.kind
    return search.vector(
        [
            problem.number,
            problem.external_id,
            problem.site_name,
            problem.description,
            problem.party_name,
            problem.source_ref,
            kind.name_zh if kind else "",
            kind.name_en if kind else "",
            problem.district.name_zh,
        ],
        facets=[f"d={problem.district_id}", f"t={problem.team_id}"],
    )


def index_site(site: Any, former: tuple[str, ...] = ()) -> str:
    """The search column of a site: name, former names, address, codes."""
    return search.vector(
        [site.name, *former, site.address, site.credit_code, site.permit, site.district.name_zh],
        facets=[f"d={site.district_id}"],
    )


def index_party(party: Any) -> str:
    return search.vector([party.name, party.credit_code, party.address])

"""The identity of whoever runs the command line: which comes first, and its tokens, kept."""

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from azure.identity.aio import (
    AzureCliCredential,
    ChainedTokenCredential,
    DefaultAzureCredential,
)

from shared.clients.clock import SystemClock
from shared.clients.own_login import KeptTokens, own_credential
from tests.contract.test_odd_answers import NoIdentity

SCOPE = "https://management.azure.com/.default"


class Login(NoIdentity):
    """Gives tokens that last so many seconds, or refuses."""

    def __init__(self, *lasts: int, refuses: str = "") -> None:
        self.lasts = list(lasts)
        self.refuses = refuses
        self.asked: list[dict[str, object]] = []
        self.is_closed = False

    async def get_token(self, *_scopes: str, **options: object) -> AccessToken:
        """Give the next."""
        self.asked.append(options)
        if self.refuses:
            raise ClientAuthenticationError(self.refuses)
        ends = int(SystemClock().now().timestamp()) + self.lasts[len(self.asked) - 1]
        return AccessToken(f"token {len(self.asked)}", ends)

    async def close(self) -> None:
        """Note it."""
        self.is_closed = True


@pytest.mark.parametrize(
    ("environment", "first", "chain"),
    [
        ({}, AzureCliCredential, ChainedTokenCredential),
        ({"AZURE_TOKEN_CREDENTIALS": ""}, AzureCliCredential, ChainedTokenCredential),
        ({"AZURE_TOKEN_CREDENTIALS": "prod"}, None, DefaultAzureCredential),
    ],
)
async def test_the_login_of_az_comes_first_unless_it_is_said_otherwise(
    environment: dict[str, str],
    first: type | None,
    chain: type,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever has just signed in means that login, whatever a variable of a pipeline says."""
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", environment.get("AZURE_TOKEN_CREDENTIALS", ""))
    found = own_credential(environment)
    assert isinstance(found, KeptTokens)
    inner = found._inner
    assert type(inner) is chain
    if first:
        assert isinstance(inner, ChainedTokenCredential)
        assert isinstance(inner.credentials[0], first)
    await found.close()


async def test_a_token_is_kept_until_shortly_before_its_end() -> None:
    """One start of `az` serves thirty subscriptions; five minutes before its end comes another."""
    login = Login(3600, 240, 3600)
    async with KeptTokens(login) as kept:
        tokens = [(await kept.get_token(SCOPE)).token for _ in range(3)]
        assert tokens == ["token 1"] * 3
        assert (await kept.get_token("https://other.example/.default")).token == "token 2"
        assert (await kept.get_token("https://other.example/.default")).token == "token 3"
        assert not login.is_closed
    assert login.is_closed


async def test_a_token_that_was_challenged_is_asked_for_anew() -> None:
    """What Azure wants to know more of is not answered with the same token again."""
    login = Login(3600, 3600)
    async with KeptTokens(login) as kept:
        await kept.get_token(SCOPE)
        again = await kept.get_token(SCOPE, claims="more", tenant_id="t", enable_cae=True)
    assert again.token == "token 2"
    assert login.asked[-1] == {"claims": "more", "tenant_id": "t", "enable_cae": True}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Chain failed.\nAzureCli: az is not found\nManagedIdentity: none", "Nobody is signed in."),
        ("Chain failed.\nAADSTS7000215: Invalid client secret.\r\nTrace: x", "AADSTS7000215: Inv"),
    ],
)
async def test_why_there_is_no_token_is_one_sentence(said: str, told: str) -> None:
    """What Entra ID refuses is told in its words; where nobody is signed in, what can be done."""
    async with KeptTokens(Login(refuses=said)) as kept:
        with pytest.raises(ClientAuthenticationError, match=told) as refused:
            await kept.get_token(SCOPE)
    assert "\n" not in str(refused.value)

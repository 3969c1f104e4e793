namespace TalosTailscale;

/// <summary>The kinds of keys of a tailnet, told apart by how they begin.</summary>
public enum TailnetKeyKind
{
    /// <summary>Of another form: a key of Headscale, for instance.</summary>
    Other,

    /// <summary><c>tskey-auth-…</c>: lets a node log in; lives 90 days at most.</summary>
    AuthKey,

    /// <summary><c>tskey-client-…</c>: the secret of an OAuth client; lets tagged nodes log in and does not expire.</summary>
    OAuthClientSecret,

    /// <summary><c>tskey-api-…</c>: a token of the API; no node can log in with it.</summary>
    ApiToken,
}

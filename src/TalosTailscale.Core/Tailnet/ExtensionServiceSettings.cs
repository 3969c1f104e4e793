namespace TalosTailscale.Core.Tailnet;

/// <summary>What a caller wants to differ from the template; null leaves what the template says.</summary>
public sealed record ExtensionServiceSettings
{
    /// <summary>The name in the tailnet (TS_HOSTNAME).</summary>
    public string? Hostname { get; init; }

    /// <summary>The routes to advertise, in CIDR form (TS_ROUTES); empty takes routes back that were advertised before.</summary>
    public IReadOnlyList<string>? Routes { get; init; }

    /// <summary>The tags to ask for, with <c>tag:</c> (--advertise-tags in TS_EXTRA_ARGS).</summary>
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>A control server of one's own (--login-server in TS_EXTRA_ARGS).</summary>
    public Uri? LoginServer { get; init; }

    /// <summary>Whether tailscale may manage the resolvers (TS_ACCEPT_DNS); fails on Talos.</summary>
    public bool? AcceptDns { get; init; }

    /// <summary>Whether to log in only when logged out (TS_AUTH_ONCE).</summary>
    public bool? AuthOnce { get; init; }

    /// <summary>Further arguments of <c>tailscale up</c>, each without blanks.</summary>
    public IReadOnlyList<string>? ExtraArguments { get; init; }

    /// <summary>Further variables.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();
}

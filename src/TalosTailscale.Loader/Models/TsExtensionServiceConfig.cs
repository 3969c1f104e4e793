namespace TalosTailscale;

/// <summary>A rendered ExtensionServiceConfig of the tailscale extension. Holds no key; the file at <see cref="Path"/> does.</summary>
public sealed record TsExtensionServiceConfig
{
    // No public constructor takes a text: PowerShell would make one of any string that is piped where one is expected.
    internal TsExtensionServiceConfig() { }

    /// <summary>The document with the placeholder where the file has the key.</summary>
    internal string Yaml { get; init; } = "";

    /// <summary>The node it is for.</summary>
    public required TsNode Node { get; init; }

    /// <summary>The rendered file, absolute.</summary>
    public required string Path { get; init; }

    /// <summary>The name that the node asks for in the tailnet.</summary>
    public required string Hostname { get; init; }

    /// <summary>The networks that the node offers to the tailnet, in CIDR form.</summary>
    public IReadOnlyList<string> Routes
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <summary>The tags that the node asks for.</summary>
    public IReadOnlyList<string> Tags
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <summary>The control server; null for Tailscale's own.</summary>
    public Uri? LoginServer { get; init; }

    /// <summary>Whether tailscale is to manage the resolvers, which fails on Talos.</summary>
    public bool AcceptDns { get; init; }

    /// <summary>Whether the node logs in only when it is logged out.</summary>
    public bool AuthOnce { get; init; }

    /// <summary>The kind of the key.</summary>
    public TailnetKeyKind KeyKind { get; init; }

    /// <summary>Where the key came from: the reference, never the key.</summary>
    public required string KeySource { get; init; }

    /// <summary>The template it was made from; null for the built-in one.</summary>
    public string? TemplatePath { get; init; }

    /// <summary>Whether the file was written: false when it was there with the same content, and under <c>-WhatIf</c>.</summary>
    public bool Written { get; init; }

    /// <summary>The document as YAML, with <c>${TAILSCALE_AUTHKEY}</c> in the place of the key.</summary>
    /// <returns>The YAML; safe to show.</returns>
    public string ToYaml() => Yaml;

    /// <inheritdoc/>
    public override string ToString() => Path;
}

using System.Security;

namespace TalosTailscale;

/// <summary>An auth key that was made. The key itself is a SecureString, for <c>New-TsExtensionServiceConfig -AuthKey</c>.</summary>
public sealed record TailnetAuthKey
{
    /// <summary>Its id, by which it can be revoked.</summary>
    public required string Id { get; init; }

    /// <summary>The tags of the nodes that log in with it.</summary>
    public IReadOnlyList<string> Tags
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <summary>Whether more than one node may use it.</summary>
    public bool Reusable { get; init; }

    /// <summary>Whether nodes vanish from the tailnet when they go offline.</summary>
    public bool Ephemeral { get; init; }

    /// <summary>Whether nodes need no approval.</summary>
    public bool Preauthorized { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset? Created { get; init; }

    /// <summary>Until when it can be used.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>The key.</summary>
    public required SecureString Key { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Id;
}

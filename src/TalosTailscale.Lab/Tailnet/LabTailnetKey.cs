namespace TalosTailscale.Lab.Tailnet;

/// <summary>An auth key of the lab's tailnet.</summary>
public sealed class LabTailnetKey
{
    /// <summary>The part of the key that may be shown (<c>kAbc123CNTRL</c>).</summary>
    public required string Id { get; init; }

    /// <summary>The whole key.</summary>
    public required string Secret { get; init; }

    /// <summary>Whether it works more than once.</summary>
    public bool Reusable { get; init; }

    /// <summary>Whether devices vanish when they go offline.</summary>
    public bool Ephemeral { get; init; }

    /// <summary>Whether devices need no approval.</summary>
    public bool Preauthorized { get; init; } = true;

    /// <summary>The tags that its devices get.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>What its maker noted.</summary>
    public string Description { get; init; } = "";

    /// <summary>When it was made.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>When it ends.</summary>
    public required DateTimeOffset Expires { get; set; }

    /// <summary>Whether somebody has revoked it.</summary>
    public bool IsRevoked { get; set; }

    /// <summary>How many devices it has let in.</summary>
    public int Uses { get; set; }

    internal bool IsValidAt(DateTimeOffset now) => !IsRevoked && Expires > now && (Reusable || Uses == 0);
}

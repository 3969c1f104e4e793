namespace TalosTailscale;

/// <summary>One place that says a node's old address or the name made of it.</summary>
public sealed record TsAddressReference
{
    /// <summary>The node whose address changed.</summary>
    public required string Node { get; init; }

    /// <summary>What kind of place it is: what <c>Update-TalosNodeAddress -Repair</c> takes.</summary>
    public required TsAddressPlace Place { get; init; }

    /// <summary>The file, absolute, or the thing in the cluster (<c>etcd member 8e9e05c52164694d</c>).</summary>
    public required string Source { get; init; }

    /// <summary>The line, from 1; null outside of texts.</summary>
    public int? Line { get; init; }

    /// <summary>The column, from 1, in characters; null outside of texts.</summary>
    public int? Column { get; init; }

    /// <summary>What stands there.</summary>
    public required string Old { get; init; }

    /// <summary>What should stand there; null where the thing itself should go.</summary>
    public string? New { get; init; }

    /// <summary>What it is about: the key in a YAML text (<c>machine.certSANs[0]</c>), the line, the peer URL. Without secrets.</summary>
    public string Text { get; init; } = "";

    /// <summary>True if it is wrong now and a repair of its <see cref="Place"/> corrects it.</summary>
    public bool IsStale { get; init; }

    /// <summary>True once it was corrected.</summary>
    public bool IsRepaired { get; init; }

    /// <summary>Why it is left alone, or what else is to be done; null as a rule.</summary>
    public string? Note { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Line is null ? Source : $"{Source}:{Line}:{Column}";
}

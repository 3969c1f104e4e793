namespace TalosTailscale.Core.Rollout;

/// <summary>What says an old address in one file or one thing of the cluster, and how it is corrected in one step.</summary>
public sealed class AddressChange
{
    internal AddressChange() { }

    /// <summary>The kind of place.</summary>
    public required TsAddressPlace Place { get; init; }

    /// <summary>What would be changed, as a question names it.</summary>
    public required string Target { get; init; }

    /// <summary>What would be done to it, with the difference; without secrets.</summary>
    public required string Action { get; init; }

    /// <summary>The places.</summary>
    public required IReadOnlyList<TsAddressReference> References { get; init; }

    /// <summary>What has to be done by hand afterwards; null as a rule.</summary>
    public string? Afterwards { get; init; }

    /// <summary>True if there is something that can be corrected here.</summary>
    public bool CanRepair => Repair is not null;

    internal Func<CancellationToken, Task>? Repair { get; init; }

    /// <summary>Corrects it.</summary>
    /// <param name="cancellation">Cancels.</param>
    /// <returns>The places as they are now.</returns>
    /// <exception cref="TsException">One of <see cref="AddressErrors"/>, or of the room that does the work.</exception>
    public async Task<IReadOnlyList<TsAddressReference>> RepairAsync(CancellationToken cancellation)
    {
        if (Repair is null)
            return References;
        await Repair(cancellation).ConfigureAwait(false);
        return
        [
            .. References.Select(one =>
                one.New is not null || one.IsStale
                    ? one with
                    {
                        IsRepaired = one.IsStale || Place == TsAddressPlace.Hostname,
                    }
                    : one
            ),
        ];
    }

    /// <inheritdoc/>
    public override string ToString() => Target;
}

using Google.Protobuf.WellKnownTypes;
using TalosTailscale.Protos.Machine;

namespace TalosTailscale.Core.Talos;

/// <content>Configuration and power.</content>
public sealed partial class TalosNodeClient
{
    // The node runs its own validation, and applying waits for the configuration's lock.
    private static readonly TimeSpan s_applyTimeout = TimeSpan.FromMinutes(2);

    /// <summary>Sends a whole machine configuration.</summary>
    /// <param name="config">All documents: what is not in it is gone from the node.</param>
    /// <param name="mode">When it takes effect.</param>
    /// <param name="dryRun">True to get the difference only.</param>
    /// <param name="tryTimeout">With <see cref="TalosApplyMode.Try"/>, how long it stays; null for the node's minute.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>What the node did.</returns>
    public async Task<TalosApplyResult> ApplyConfigurationAsync(
        ReadOnlyMemory<byte> config,
        TalosApplyMode mode,
        bool dryRun = false,
        TimeSpan? tryTimeout = null,
        CancellationToken cancellation = default
    )
    {
        var request = new ApplyConfigurationRequest
        {
            Data = Bytes(config),
            Mode = Mode(mode),
            DryRun = dryRun,
        };
        if (tryTimeout is { } limit)
            request.TryModeTimeout = Duration.FromTimeSpan(limit);

        // A dry run changes nothing; any other may have been done when the connection breaks.
        var call = new TalosCall("ApplyConfiguration", TalosCall.Admin, Repeatable: dryRun);
        ApplyConfigurationResponse answer = await _caller
            .UnaryAsync(
                call,
                (invoker, options) => Machine(invoker).ApplyConfigurationAsync(request, options),
                cancellation,
                s_applyTimeout
            )
            .ConfigureAwait(false);
        ApplyConfiguration result = Single(answer.Messages, call.Name);
        if (Failure(result.Metadata, call.Name) is { } failure)
            throw failure;
        return new TalosApplyResult
        {
            Node = Node,
            Mode = Mode(result.Mode),
            Details = result.ModeDetails,
            Warnings = [.. result.Warnings],
        };
    }

    /// <summary>Restarts the node. Returns when the node has begun; <see cref="TalosNodeWait"/> tells when it is back.</summary>
    /// <param name="mode">How.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The id under which the node reports the restart's events.</returns>
    public async Task<string> RebootAsync(
        TalosRebootMode mode = TalosRebootMode.Default,
        CancellationToken cancellation = default
    )
    {
        var request = new RebootRequest
        {
            Mode = mode switch
            {
                TalosRebootMode.PowerCycle => RebootRequest.Types.Mode.Powercycle,
                TalosRebootMode.Force => RebootRequest.Types.Mode.Force,
                _ => RebootRequest.Types.Mode.Default,
            },
        };
        RebootResponse answer = await _caller
            .UnaryAsync(
                TalosCall.Change("Reboot", TalosCall.Operator),
                (invoker, options) => Machine(invoker).RebootAsync(request, options),
                cancellation
            )
            .ConfigureAwait(false);
        Reboot result = Single(answer.Messages, "Reboot");
        return Failure(result.Metadata, "Reboot") is { } failure ? throw failure : result.ActorId;
    }

    /// <summary>Makes the previous UKI the default and restarts; writes firmware variables.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>When the node has begun.</returns>
    public async Task RollbackAsync(CancellationToken cancellation = default)
    {
        RollbackResponse answer = await _caller
            .UnaryAsync(
                TalosCall.Change("Rollback", TalosCall.Admin),
                (invoker, options) => Machine(invoker).RollbackAsync(new RollbackRequest(), options),
                cancellation
            )
            .ConfigureAwait(false);
        if (Failure(Single(answer.Messages, "Rollback").Metadata, "Rollback") is { } failure)
            throw failure;
    }

    /// <summary>When the node was started last; needs no more than the reader role.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The time, to the second.</returns>
    public async Task<DateTimeOffset> BootTimeAsync(CancellationToken cancellation = default)
    {
        SystemStatResponse answer = await _caller
            .UnaryAsync(
                TalosCall.Read("SystemStat"),
                (invoker, options) => Machine(invoker).SystemStatAsync(Nothing, options),
                cancellation
            )
            .ConfigureAwait(false);
        return DateTimeOffset.FromUnixTimeSeconds(
            checked((long)Math.Min(Single(answer.Messages, "SystemStat").BootTime, 253_402_300_799))
        );
    }

    private static ApplyConfigurationRequest.Types.Mode Mode(TalosApplyMode mode) =>
        mode switch
        {
            TalosApplyMode.Reboot => ApplyConfigurationRequest.Types.Mode.Reboot,
            TalosApplyMode.Auto => ApplyConfigurationRequest.Types.Mode.Auto,
            TalosApplyMode.Staged => ApplyConfigurationRequest.Types.Mode.Staged,
            TalosApplyMode.Try => ApplyConfigurationRequest.Types.Mode.Try,
            _ => ApplyConfigurationRequest.Types.Mode.NoReboot,
        };

    private static TalosApplyMode Mode(ApplyConfigurationRequest.Types.Mode mode) =>
        mode switch
        {
            ApplyConfigurationRequest.Types.Mode.Reboot => TalosApplyMode.Reboot,
            ApplyConfigurationRequest.Types.Mode.Auto => TalosApplyMode.Auto,
            ApplyConfigurationRequest.Types.Mode.Staged => TalosApplyMode.Staged,
            ApplyConfigurationRequest.Types.Mode.Try => TalosApplyMode.Try,
            _ => TalosApplyMode.NoReboot,
        };
}

using System.Management.Automation;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Commands;

/// <summary>Waits until nodes are running and ready, by looking again and again.</summary>
[Cmdlet(VerbsLifecycle.Wait, "TalosNode")]
[OutputType(typeof(TalosWaitResult))]
public sealed class WaitTalosNodeCommand : TalosCmdlet
{
    /// <summary>How long to wait for one node; 30 minutes when not given.</summary>
    [Parameter(Mandatory = false)]
    public TimeSpan Timeout { get; set; } = new TalosWaitOptions().Timeout;

    /// <summary>How long between two looks; 5 seconds when not given.</summary>
    [Parameter(Mandatory = false)]
    public TimeSpan Interval { get; set; } = new TalosWaitOptions().Interval;

    /// <summary>The boot id before a restart: the node must have another one. From Restart-TalosNode -PassThru.</summary>
    [Parameter(Mandatory = false, ValueFromPipelineByPropertyName = true)]
    public string? PreviousBootId { get; set; }

    /// <summary>When the boot before a restart began: the node's must have begun later. From Restart-TalosNode -PassThru.</summary>
    [Parameter(Mandatory = false, ValueFromPipelineByPropertyName = true)]
    public DateTimeOffset? PreviousBootTime { get; set; }

    /// <summary>The machine's identity, to notice when another machine answers. From Restart-TalosNode -PassThru.</summary>
    [Parameter(Mandatory = false, ValueFromPipelineByPropertyName = true)]
    public string? NodeId { get; set; }

    /// <summary>The host name before a restart, to notice another one. From Restart-TalosNode -PassThru.</summary>
    [Parameter(Mandatory = false, ValueFromPipelineByPropertyName = true)]
    public string? PreviousHostname { get; set; }

    /// <summary>The address by which the cluster knew the machine, to notice another one. From Restart-TalosNode -PassThru.</summary>
    [Parameter(Mandatory = false, ValueFromPipelineByPropertyName = true)]
    public string? PreviousAddress { get; set; }

    private protected override object? Input =>
        PreviousBootId is null && PreviousBootTime is null
            ? null
            : new TalosBootMark(PreviousBootId, PreviousBootTime, NodeId, PreviousHostname)
            {
                MemberAddress = PreviousAddress,
            };

    private protected override async Task WorkAsync(
        TalosNodeClient client,
        TsNode node,
        object? input,
        CancellationToken cancellationToken
    )
    {
        var options = new TalosWaitOptions { Timeout = Timeout, Interval = Interval };
        await WriteObjectAsync(
            await TalosNodeWait.ForReadyAsync(client, (TalosBootMark?)input, options, Reporter, cancellationToken)
        );
    }
}

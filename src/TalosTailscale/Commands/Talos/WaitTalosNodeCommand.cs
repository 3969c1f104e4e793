using System.Collections.Concurrent;
using System.Management.Automation;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Commands;

/// <summary>Waits until nodes are running and ready, by looking again and again.</summary>
[Cmdlet(VerbsLifecycle.Wait, "TalosNode")]
[OutputType(typeof(TalosWaitResult))]
public sealed class WaitTalosNodeCommand : TalosCmdlet
{
    private readonly ConcurrentDictionary<string, TalosBootMark> _before = new(StringComparer.OrdinalIgnoreCase);

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

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        if (PreviousBootId is not null || PreviousBootTime is not null)
        {
            foreach (TsNodeReference reference in Node)
                _before[reference.Text] = new TalosBootMark(PreviousBootId, PreviousBootTime, NodeId, PreviousHostname);
        }

        await base.ProcessAsync(cancellationToken);
    }

    private protected override async Task NodeAsync(TalosNodeClient client, TsNode node, CancellationToken cancellationToken)
    {
        TalosBootMark? before = _before.GetValueOrDefault(node.Name) ?? _before.GetValueOrDefault(node.Address);
        var options = new TalosWaitOptions { Timeout = Timeout, Interval = Interval };
        await WriteObjectAsync(await TalosNodeWait.ForReadyAsync(client, before, options, Reporter, cancellationToken));
    }
}

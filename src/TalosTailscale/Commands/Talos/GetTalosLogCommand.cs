using System.Management.Automation;
using TalosTailscale.Core.MachineConfig;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Commands;

/// <summary>Gets the log of a service line by line, and goes on with it if asked to.</summary>
[Cmdlet(VerbsCommon.Get, "TalosLog")]
[OutputType(typeof(TalosLogLine), typeof(string))]
public sealed class GetTalosLogCommand : TalosCmdlet
{
    /// <summary>The service, or kernel; the tailscale extension's when not given.</summary>
    [Parameter(Mandatory = false, Position = 1, ValueFromPipelineByPropertyName = true)]
    [Alias("Name", "Service")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(TalosServiceCompleter))]
    public string Id { get; set; } = "ext-tailscale";

    /// <summary>How many of the last lines; all when not given.</summary>
    [Parameter(Mandatory = false)]
    [ValidateRange(0, int.MaxValue)]
    public int? Tail { get; set; }

    /// <summary>Goes on with what is written from now on, until stopped.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter Follow { get; set; }

    /// <summary>
    /// The lines alone, as text and to the letter but for secrets: for a file. On a terminal, what a service logs can then
    /// move the cursor or set the clipboard.
    /// </summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter Raw { get; set; }

    private protected override object? Input => Id;

    private protected override async Task WorkAsync(
        TalosNodeClient client,
        TsNode node,
        object? input,
        CancellationToken cancellationToken
    )
    {
        var id = (string)input!;
        await foreach (string line in client.LogsAsync(id, Tail, Follow, cancellationToken))
        {
            if (Raw)
                await WriteRawAsync(Redactor.Mask(line));
            else
                await WriteObjectAsync(new TalosLogLine(node.Name, id, Redactor.Mask(line)));
        }
    }
}

using System.Management.Automation;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Commands;

/// <summary>Restarts a service of nodes; one that is stopped is started.</summary>
[Cmdlet(VerbsLifecycle.Restart, "TalosService", SupportsShouldProcess = true)]
[OutputType(typeof(TalosService))]
public sealed class RestartTalosServiceCommand : TalosCmdlet
{
    /// <summary>The service (<c>ext-tailscale</c>).</summary>
    [Parameter(
        Mandatory = true,
        Position = 1,
        ValueFromPipelineByPropertyName = true,
        HelpMessage = "The service, for example ext-tailscale."
    )]
    [Alias("Name", "Service")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(TalosServiceCompleter))]
    public string Id { get; set; } = "";

    /// <summary>Gives the service as it is right after; it may not run yet.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter PassThru { get; set; }

    private protected override object? Input => Id;

    private protected override async Task WorkAsync(
        TalosNodeClient client,
        TsNode node,
        object? input,
        CancellationToken cancellationToken
    )
    {
        var id = (string)input!;
        if (!await ShouldProcessAsync(Describe(node), $"Restart service '{id}'"))
            return;
        string answer = await client.ServiceRestartAsync(id, cancellationToken);
        Reporter.Verbose($"{node.Name}: {answer}");
        if (!PassThru)
            return;
        IReadOnlyList<TalosService> services = await client.ServiceListAsync(cancellationToken);
        await WriteObjectAsync(services.FirstOrDefault(service => service.Id == id));
    }
}

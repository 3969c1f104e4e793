using System.Management.Automation;
using TalosTailscale.Core.Boot;
using TalosTailscale.Core.Boot.Swap;
using TalosTailscale.Core.Tailnet;
using TalosTailscale.Core.Talos;
using TalosTailscale.Core.Validation;

namespace TalosTailscale.Commands;

/// <summary>
/// Checks nodes from the Talos API to a private pull: one object for each check, with evidence, cause and fix, in a
/// stable order.
/// </summary>
[Cmdlet(VerbsDiagnostic.Test, "TsNode")]
[OutputType(typeof(TsCheck), typeof(bool))]
public sealed class TestTsNodeCommand : EspCmdlet
{
    private bool _good;

    /// <summary>The checks to make; all that cost neither a pod nor a download when not given.</summary>
    [Parameter(Mandatory = false)]
    [ValidateSet(
        "Api",
        "Certificate",
        "Version",
        "Stage",
        "Extension",
        "ServiceConfig",
        "Service",
        "Log",
        "TailnetAddress",
        "TailnetDevice",
        "Resolver",
        "NodeAddress",
        "NodeName",
        "Cni",
        "BootVariant",
        "Efivars",
        "BootEntries",
        "RunningUki",
        "RegistryName",
        "PrivatePull"
    )]
    public string[] Check { get; set; } = [];

    /// <summary>The checks to leave out.</summary>
    [Parameter(Mandatory = false)]
    [ValidateSet(
        "Api",
        "Certificate",
        "Version",
        "Stage",
        "Extension",
        "ServiceConfig",
        "Service",
        "Log",
        "TailnetAddress",
        "TailnetDevice",
        "Resolver",
        "NodeAddress",
        "NodeName",
        "Cni",
        "BootVariant",
        "Efivars",
        "BootEntries",
        "RunningUki",
        "RegistryName",
        "PrivatePull"
    )]
    public string[] SkipCheck { get; set; } = [];

    /// <summary>
    /// A private image that the nodes do not have yet, for instance registry.ide-newton.ts.net/lab/registry-smoketest:7; the
    /// one real proof. Without it the pull is skipped.
    /// </summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public string? RegistryImage { get; set; }

    /// <summary>The Talos version that the nodes should run.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNull]
    public Version? Version { get; set; }

    /// <summary>The schematic that the nodes should run.</summary>
    [Parameter(Mandatory = false)]
    [ValidatePattern("^[0-9a-fA-F]{64}$")]
    public string? Schematic { get; set; }

    /// <summary>The socket of the tailscaled on this machine; else the one that TS_SOCKET names, else the platform's.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public string? Socket { get; set; }

    /// <summary>The address of the tailnet's API; used with the credential of the environment where no tailscaled runs.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNull]
    public Uri? ApiUri { get; set; }

    /// <summary>
    /// Makes the checks BootEntries and RunningUki too, which read the EFI system partition by a privileged pod on each node;
    /// naming them with -Check does the same.
    /// </summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter ReadEsp { get; set; }

    /// <summary>Gives only whether everything asked for was looked at, on every node, and passed.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter Quiet { get; set; }

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellationToken)
    {
        if (!Quiet)
        {
            await base.EndAsync(cancellationToken);
            return;
        }

        try
        {
            await base.EndAsync(cancellationToken);
        }
        catch (TsException e)
        {
            _good = false;
            await WriteErrorAsync(e);
        }

        await WriteObjectAsync(_good && !AnyUnknown);
    }

    // Results come in the order of nodes and checks, so all nodes are one piece of work.
    private protected override async Task PrepareAsync(IReadOnlyList<TsNode> nodes, CancellationToken cancellationToken)
    {
        if (nodes.Count == 0)
            return;
        var (good, made) = (true, 0);
        await foreach (
            var check in NodeValidation.RunAsync(nodes, Client, Options(cancellationToken), Reporter, cancellationToken)
        )
        {
            made++;
            if (!Verdict.Allows(check, Check))
            {
                good = false;
                Reporter.Verbose($"{check}: {check.Evidence}");
            }

            if (!Quiet)
                await WriteObjectAsync(check);
        }

        _good = good && made > 0;
    }

    private protected override Task NodeAsync(
        TalosNodeClient client,
        TsNode node,
        CancellationToken cancellationToken
    ) => Task.CompletedTask;

    private NodeValidationOptions Options(CancellationToken cancellationToken) =>
        new()
        {
            Checks = ReadEsp
                ? [.. Check.Length == 0 ? NodeValidation.DefaultCheckNames : Check, "BootEntries", "RunningUki"]
                : Check,
            SkipChecks = SkipCheck,
            ThrottleLimit = ThrottleLimit,
            RegistryImage = RegistryImage,
            ExpectedVersion = Version,
            ExpectedSchematic = Schematic,
            ReadEsp = ReadEspAsync,
            ReadDevices = TailnetDevices.Reader(Socket, ApiUri, cancellationToken),
        };

    private async Task<EspInfo> ReadEspAsync(TsNode node, CancellationToken cancellationToken)
    {
        (EspSession session, SwapNodeFacts facts) = await OpenAsync(
            Client.Node(node.Address, node.Name),
            node,
            cancellationToken
        );
        await using (session)
        {
            EspInfo esp = await session.ReadWithExtensionsAsync(facts, cancellationToken);
            await session.CloseAsync(cancellationToken);
            return esp;
        }
    }
}

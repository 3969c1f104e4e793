using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Talos;
using TalosTailscale.Lab;
using TalosTailscale.Tests.Lab.Talos;

namespace TalosTailscale.Tests.Talos;

/// <summary>An installer that takes an extension away is refused, whatever is known of it; nothing else is.</summary>
public sealed class UpgradeGateTests
{
    private const string Plain = "ghcr.io/siderolabs/installer:v1.12.5";
    private static readonly string s_id = new('a', 64);
    private static readonly string s_factory = $"factory.talos.dev/metal-installer/{s_id}:v1.12.5";

    private static CancellationToken Stop => TalosLab.Stop;

    [Fact]
    public async Task A_node_without_extensions_takes_any_installer()
    {
        await using TalosLab lab = await TalosLab.StartAsync();

        await CheckAsync(lab, Plain);
        await CheckAsync(lab, s_factory);
    }

    [Fact]
    public async Task Its_own_schematic_is_not_asked_for()
    {
        await using TalosLab lab = await StartAsync();
        string own = (await lab.Client("ampone").ExtensionsAsync(Stop)).Single(one => one.Name == "schematic").Version;

        await CheckAsync(lab, $"factory.talos.dev/metal-installer/{own}:v1.12.5");
    }

    [Theory]
    [InlineData("siderolabs/tailscale")]
    [InlineData("tailscale")]
    [InlineData("siderolabs/iscsi-tools", "elsewhere/Tailscale")]
    public async Task One_that_brings_it_is_taken(params string[] brings)
    {
        await using TalosLab lab = await StartAsync();

        await CheckAsync(lab, s_factory, brings);
    }

    [Theory]
    [InlineData("its schematic does not have it", "siderolabs/iscsi-tools")]
    [InlineData("its schematic does not have it", "siderolabs/tailscale-dev")]
    [InlineData("its schematic does not have it")]
    public async Task One_that_does_not_bring_it_is_refused(string why, params string[] brings)
    {
        await using TalosLab lab = await StartAsync();

        TsException e = await RefusedAsync(lab, s_factory, brings);

        Assert.Contains(
            $"'tailscale', which the installer '{s_factory}' would take away: {why}",
            e.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task One_of_which_nobody_knows_what_it_brings_is_refused()
    {
        await using TalosLab lab = await StartAsync();

        TsException e = await RefusedAsync(lab, s_factory, null);

        Assert.Contains($"what its schematic '{s_id}' brings is not known", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_is_of_no_factory_brings_none_and_nobody_is_asked()
    {
        await using TalosLab lab = await StartAsync();

        TsException e = await Assert.ThrowsAsync<TsException>(() =>
            UpgradeGate.CheckAsync(
                lab.Client("ampone"),
                Plain,
                (_, _) => throw new InvalidOperationException("There is no schematic to ask for."),
                SilentReporter.Instance,
                Stop
            )
        );

        Assert.Equal("InstallerLosesExtension", e.ErrorId);
        Assert.Contains("it is not from an Image Factory and brings none", e.Message, StringComparison.Ordinal);
    }

    // The advice is an installer of the node's own schematic, of the same kind, of the version that was asked for.
    [Theory]
    [InlineData(false, Plain, null, "factory.talos.dev/metal-installer/{0}:v1.12.5")]
    [InlineData(true, Plain, null, "factory.talos.dev/metal-installer-secureboot/{0}:v1.12.5")]
    [InlineData(false, "ghcr.io/siderolabs/installer", null, "factory.talos.dev/metal-installer/{0}:v1.12.4")]
    [InlineData(false, Plain, "https://factory.example.com", "factory.example.com/metal-installer/{0}:v1.12.5")]
    [InlineData(false, Plain, "http://127.0.0.1:8080", "factory.talos.dev/metal-installer/{0}:v1.12.5")]
    public async Task The_advice_names_an_installer_that_would_be_taken(
        bool secureBoot,
        string image,
        string? factory,
        string advice
    )
    {
        await using TalosLab lab = await StartAsync(secureBoot);
        string own = (await lab.Client("ampone").ExtensionsAsync(Stop)).Single(one => one.Name == "schematic").Version;

        TsException e = await Assert.ThrowsAsync<TsException>(() =>
            UpgradeGate.CheckAsync(
                lab.Client("ampone"),
                image,
                Brings([]),
                SilentReporter.Instance,
                factory is null ? null : new Uri(factory),
                Stop
            )
        );

        string installer = string.Format(System.Globalization.CultureInfo.InvariantCulture, advice, own);
        Assert.Contains($"'{installer}'", e.RecommendedAction, StringComparison.Ordinal);
        await CheckAsync(lab, installer);
    }

    // Who may not read the command line is advised all the same; an answer that went wrong ends it, as a refusal too.
    [Theory]
    [InlineData("PermissionDenied", "InstallerLosesExtension")]
    [InlineData("Internal", "TalosCallFailed")]
    public async Task The_kernel_command_line_is_for_the_advice_only(string status, string errorId)
    {
        await using TalosLab lab = await StartAsync();
        lab.Cluster.Node("ampone")
            .Faults.Set(LabFault.CallFails, $"KernelCmdlines.runtime.talos.dev {status} it went wrong");

        TsException e = await Assert.ThrowsAsync<TsException>(() => CheckAsync(lab, Plain));

        Assert.Equal(errorId, e.ErrorId);
        if (status == "PermissionDenied")
            Assert.Contains("metal-installer/", e.RecommendedAction, StringComparison.Ordinal);
    }

    private static Task<TalosLab> StartAsync(bool secureBoot = false) =>
        TalosLab.StartAsync(
            new LabOptions
            {
                Nodes =
                [
                    .. LabNodeOptions.Runbook.Select(node =>
                        node with
                        {
                            Extensions = ["siderolabs/tailscale"],
                            SecureBoot = secureBoot,
                        }
                    ),
                ],
            }
        );

    private static Func<string, CancellationToken, Task<IReadOnlyList<string>?>> Brings(string[]? extensions) =>
        (id, _) => Task.FromResult<IReadOnlyList<string>?>(id == s_id ? extensions : null);

    private static Task CheckAsync(TalosLab lab, string image, params string[]? brings) =>
        UpgradeGate.CheckAsync(lab.Client("ampone"), image, Brings(brings), SilentReporter.Instance, Stop);

    private static async Task<TsException> RefusedAsync(TalosLab lab, string image, string[]? brings)
    {
        TsException e = await Assert.ThrowsAsync<TsException>(() => CheckAsync(lab, image, brings));
        Assert.Equal(("InstallerLosesExtension", "192.168.1.203"), (e.ErrorId, e.Target?.ToString()));
        return e;
    }
}

using TalosTailscale.Lab;
using TalosTailscale.Lab.Factory;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.ImageFactory;

/// <summary>Save-TalosImage for nodes of the lab: version, architecture, variant and schematic are read from them.</summary>
public sealed class SaveTalosImageNodeTests
{
    private const string Tailscale = "4a0d65c669d46663f377e7161e50cfd570c401f26fd9e7bda34a0216b6f1922b";

    [Fact]
    public async Task Nodes_of_one_kind_share_one_file_with_the_tailscale_extension_added()
    {
        await using var lab = await LabSession.StartAsync();
        var folder = Directory.CreateDirectory(Path.Combine(lab.Client.Folder, "images")).FullName;
        var result = lab.Invoke(
            "param($d) Get-TsNode ampone, altra, ryzen | Save-TalosImage -Destination $d",
            ("d", folder)
        );
        result.AssertNoErrors();
        Assert.Equal(
            ["altra", "ampone", "ryzen"],
            result.Output.Select(o => (string)o.Properties["Node"].Value).Order(StringComparer.Ordinal)
        );
        Assert.All(result.Output, o => Assert.Equal(Tailscale, o.Properties["SchematicId"].Value));
        Assert.Equal(
            ["talos-v1.12.4-metal-amd64-uki-4a0d65c6.efi", "talos-v1.12.4-metal-arm64-uki-4a0d65c6.efi"],
            Directory.GetFiles(folder, "*.efi").Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)
        );
        Assert.Equal(
            2,
            lab.Lab.Part<LabFactory>()!.Requests.Count(r => r.Path.StartsWith("/image/", StringComparison.Ordinal))
        );
    }

    [Fact]
    public async Task What_a_node_runs_already_stays_in_its_image()
    {
        LabNodeOptions[] nodes =
        [
            .. LabNodeOptions.Runbook.Select(n =>
                n.Name == "ampone" ? n with { Extensions = ["siderolabs/iscsi-tools"], SecureBoot = true } : n
            ),
        ];
        await using var lab = await LabSession.StartAsync(new LabOptions { Nodes = nodes });
        var result = lab.Invoke("param($d) Save-TalosImage ampone -Destination $d", ("d", lab.Client.Folder));
        result.AssertNoErrors();
        var image = (TalosImage)Assert.Single(result.Output).BaseObject;
        Assert.Equal(["iscsi-tools", "tailscale"], image.Extensions);
        Assert.Equal(UkiVariant.SecureBoot, image.Variant);
        Assert.Equal(UkiSignatureStatus.Valid, image.Uki!.SignatureStatus);
        Assert.Equal(TalosArchitecture.Arm64, image.Architecture);
    }

    [Fact]
    public async Task An_installer_for_a_node_goes_down_the_pipeline()
    {
        await using var lab = await LabSession.StartAsync();
        var result = lab.Invoke("Save-TalosImage ryzen -Kind Installer | ForEach-Object { $_.InstallerImage }");
        result.AssertNoErrors();
        Assert.Equal($"factory.talos.dev/metal-installer/{Tailscale}:v1.12.4", Assert.Single(result.Output).BaseObject);
    }

    [Fact]
    public async Task A_factory_that_forgets_the_extension_is_caught_before_any_swap()
    {
        var options = new LabOptions();
        options.Faults.Add(LabFault.ExtensionMissing.On(null));
        await using var lab = await LabSession.StartAsync(options);
        var result = lab.Invoke("param($d) Save-TalosImage ampone -Destination $d", ("d", lab.Client.Folder));
        Assert.Empty(result.Output);
        var error = Assert.Single(result.Errors);
        Assert.StartsWith("ImageVerificationFailed", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(
            "the extension 'siderolabs/tailscale' is missing",
            error.Exception.Message,
            StringComparison.Ordinal
        );
    }
}

using TalosTailscale.Lab;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.ImageFactory;

/// <summary>Save-TalosImage for nodes of the lab: version, architecture, variant and schematic are read from them.</summary>
public sealed class SaveTalosImageNodeTests
{
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

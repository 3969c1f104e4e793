using System.Security.Cryptography;
using System.Text.RegularExpressions;
using TalosTailscale.Lab;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Rollout;

/// <summary>Undo-TsNode goes to the image of before or nowhere, and an interrupted one is brought to its end.</summary>
public sealed partial class UndoTsNodeTests
{
    private const string Install = "Install-TsNode -AuthKeyReference $key -StateFolder $state -Confirm:$false";
    private const string Undo = "Undo-TsNode -StateFolder $state -Confirm:$false";

    [Fact]
    public async Task After_an_upgrade_in_between_it_refuses_before_anything_is_begun_and_its_advice_goes_back()
    {
        await using LabSession lab = await LabSession.StartAsync();
        LabNode ryzen = lab.Lab.Node("ryzen");
        string? before = Schematic(ryzen);
        Invoke(lab, $"'ryzen' | {Install}").AssertNoErrors();
        Upgrade(lab, ryzen, "v1.12.9");
        Guid boot = ryzen.BootId;

        PowerShellResult result = Invoke(lab, $"'ryzen' | {Undo}");

        string message = result.AssertError("PreviousImageNotThere").Exception.Message;
        Assert.Contains("v1.12.9", message, StringComparison.Ordinal);
        Assert.Contains(Schematic(ryzen)!, message, StringComparison.Ordinal);
        Assert.Empty(result.Output);
        Assert.Equal(boot, ryzen.BootId);

        Follow(lab, result).AssertNoErrors();
        Assert.Equal((before, "v1.12.9"), (Schematic(ryzen), ryzen.TalosVersion));
        Invoke(lab, $"'ryzen' | {Undo}").AssertNoErrors();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // a journal of before it wrote down the version
    public async Task It_looks_where_Talos_would_go_back_to_before_it_drains(bool oldJournal)
    {
        await using LabSession lab = await LabSession.StartAsync();
        LabNode ryzen = lab.Lab.Node("ryzen");
        string version = ryzen.TalosVersion;
        string? before = Schematic(ryzen);
        Invoke(lab, $"'ryzen' | {Install}").AssertNoErrors();

        // It runs what Install-TsNode put there, and the other entry is no longer the one of before.
        Upgrade(lab, ryzen, "v1.12.9");
        Upgrade(lab, ryzen, version);
        if (oldJournal)
            Forget(lab);
        Guid boot = ryzen.BootId;

        PowerShellResult result = Invoke(lab, $"'ryzen' | {Undo}");

        string message = result.AssertError("PreviousImageNotThere").Exception.Message;
        Assert.Contains("'Talos-v1.12.9.efi'", message, StringComparison.Ordinal);
        Assert.Equal(TsRolloutAction.Check, Assert.Single(result.OutputOf<TsRolloutStep>()).Action);
        Assert.Equal(boot, ryzen.BootId);

        Follow(lab, result).AssertNoErrors();
        Assert.Equal((before, version), (Schematic(ryzen), ryzen.TalosVersion));
    }

    [Fact]
    public async Task A_journal_without_the_version_goes_back_as_ever()
    {
        await using LabSession lab = await LabSession.StartAsync();
        Invoke(lab, $"'altra', 'ryzen' | {Install}").AssertNoErrors();
        Forget(lab);

        Invoke(lab, $"'altra', 'ryzen' | {Undo}").AssertNoErrors();

        Assert.DoesNotContain(lab.Lab.Node("altra").Extensions, e => e.Name == "tailscale");
        Assert.DoesNotContain(lab.Lab.Node("ryzen").Extensions, e => e.Name == "tailscale");
    }

    [Fact]
    public async Task Stopped_right_after_the_exchange_it_goes_on_with_the_restart()
    {
        await using LabSession lab = await LabSession.StartAsync();
        LabNode altra = lab.Lab.Node("altra");
        string before = Booted(altra);
        Invoke(lab, $"'altra' | {Install}").AssertNoErrors();
        string installed = Booted(altra);
        Guid boot = altra.BootId;
        await lab.Session.InvokeAndStopAsync(
            $"param($state) 'altra' | {Undo}",
            async () =>
            {
                while (Booted(altra) == installed)
                    await Task.Delay(5, TestContext.Current.CancellationToken);
            },
            ("state", State(lab))
        );
        Assert.Equal((before, boot), (Booted(altra), altra.BootId));

        PowerShellResult again = Invoke(lab, $"'altra' | {Undo}");

        again.AssertNoErrors();
        TsRolloutStep activate = again.OutputOf<TsRolloutStep>().Single(one => one.Action == TsRolloutAction.Activate);
        Assert.StartsWith("'Talos-v1.12.4.efi' has the image already", activate.Evidence, StringComparison.Ordinal);
        Assert.DoesNotContain(altra.Extensions, e => e.Name == "tailscale");
        Assert.Equal(before, Booted(altra));
        Assert.NotEqual(boot, altra.BootId);
        Invoke(lab, $"'altra' | {Undo}").AssertError("NothingToUndo");
    }

    [Fact]
    public async Task An_image_of_before_that_is_gone_from_the_partition_is_told_with_the_way_to_it()
    {
        await using LabSession lab = await LabSession.StartAsync();
        LabNode altra = lab.Lab.Node("altra");
        string? before = Schematic(altra);
        Invoke(lab, $"'altra' | {Install}").AssertNoErrors();
        foreach (string backup in Directory.GetFiles(altra.EspDirectory, "*.bak.*", SearchOption.AllDirectories))
            File.Delete(backup);
        Guid boot = altra.BootId;

        PowerShellResult result = Invoke(lab, $"'altra' | {Undo}");

        result.AssertError("PreviousImageNotThere");
        Assert.Equal(boot, altra.BootId);
        Follow(lab, result).AssertNoErrors();
        Assert.Equal(before, Schematic(altra));
    }

    private static void Upgrade(LabSession lab, LabNode node, string version)
    {
        string image = $"factory.talos.dev/metal-installer/{Schematic(node)}:{version}";
        lab.Invoke($"Update-TalosNode {node.Name} {image} -Wait -Confirm:$false").AssertNoErrors();
        Assert.Equal(version, node.TalosVersion);
    }

    // The command stands in the advice as it is to be typed.
    private static PowerShellResult Follow(LabSession lab, PowerShellResult refusal)
    {
        string advice = refusal.Errors[^1].ErrorDetails.RecommendedAction;
        Match command = Command().Match(advice);
        Assert.True(command.Success, advice);
        return lab.Invoke(command.Groups[1].Value + " -Confirm:$false");
    }

    // What a journal did not have before.
    private static void Forget(LabSession lab)
    {
        string path = Directory.GetFiles(State(lab), "*.jsonl").Single();
        File.WriteAllText(path, NewFields().Replace(File.ReadAllText(path), ""));
    }

    private static string? Schematic(LabNode node) =>
        node.Extensions.FirstOrDefault(e => e.Name == "schematic")?.Version;

    private static string Booted(LabNode node)
    {
        string path = Directory
            .GetFiles(node.EspDirectory, "Talos-*.efi", SearchOption.AllDirectories)
            .First(file => Path.GetFileName(file).Equals(node.BootedEntry, StringComparison.OrdinalIgnoreCase));
        return Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));
    }

    private static string State(LabSession lab) => Path.Combine(lab.Client.Folder, "state");

    private static PowerShellResult Invoke(LabSession lab, string script) =>
        lab.Invoke("param($key, $state) " + script, ("key", lab.KeyReference), ("state", State(lab)));

    [GeneratedRegex("'(Update-TalosNode [^']+)'")]
    private static partial Regex Command();

    [GeneratedRegex(",\"(talosVersion|previousSha256)\":\"[^\"]*\"")]
    private static partial Regex NewFields();
}

using TalosTailscale.Core.Boot.Esp;
using TalosTailscale.Core.Boot.NodeShell;
using TalosTailscale.Core.ImageFactory;
using TalosTailscale.Core.Images;
using TalosTailscale.Core.Inventory;
using TalosTailscale.Core.MachineConfig.Yaml;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Rollout;
using TalosTailscale.Lab;
using TalosTailscale.Tests.Boot;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Runbook;

/// <summary>Names that nodes, clusters and people give become paths, addresses and settings: only names do.</summary>
public sealed class NamesFromOutsideTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("v1.12.4", "v1.12.4")]
    [InlineData("1.12.4", "v1.12.4")]
    [InlineData(" v1.14.0-rc.1 ", "v1.14.0-rc.1")]
    [InlineData("v1.13.0-alpha.0-12-gabc1234-dirty", "v1.13.0-alpha.0-12-gabc1234-dirty")]
    [InlineData("v1.12.4/../../x", null)]
    [InlineData("v1.12.4-../x", null)]
    [InlineData("v1.12.4-..", null)]
    [InlineData("v1.12", null)]
    [InlineData("v1.12.4\n", "v1.12.4")]
    [InlineData("v1.12.4\nx", null)]
    [InlineData("v1.12.4%2e", null)]
    [InlineData("v1.12.4:x", null)]
    [InlineData("v١.12.4", null)]
    [InlineData("", null)]
    public void A_version_is_one_or_is_none(string text, string? tag) =>
        Assert.Equal(tag, VersionTag.TryParse(text)?.Text);

    [Theory]
    [InlineData("talos-192-168-1-85", true, true)]
    [InlineData("a.example.net", true, false)]
    [InlineData("nas_1", true, true)]
    [InlineData("..", false, false)]
    [InlineData("a..b", false, false)]
    [InlineData("../x", false, false)]
    [InlineData("a/b", false, false)]
    [InlineData("a\\b", false, false)]
    [InlineData("-rf", false, false)]
    [InlineData(".git", false, false)]
    [InlineData("a\n", false, false)]
    [InlineData("a\u202Eb", false, false)]
    [InlineData("con", true, false)]
    [InlineData("LPT1", true, false)]
    [InlineData("", false, false)]
    [InlineData(null, false, false)]
    public void A_host_name_is_one_or_is_none(string? text, bool host, bool folder) =>
        Assert.Equal((host, folder), (HostName.IsValid(text), HostName.IsFolder(text)));

    [Theory]
    [InlineData("EFI/Linux/a.efi", true)]
    [InlineData("EFI/Linux/ü b.efi", true)]
    [InlineData("EFI/../x", false)]
    [InlineData("/EFI/x", false)]
    [InlineData("EFI//x", false)]
    [InlineData("EFI/a\\b", false)]
    [InlineData("EFI/a\u001b[2Jb", false)]
    [InlineData("", false)]
    public void A_path_on_an_ESP_is_one_or_is_none(string path, bool good)
    {
        if (good)
            Assert.Equal(path, EspEntry.CheckedPath(path, "n"));
        else
            Assert.Equal("EspNameInvalid", Assert.Throws<TsException>(() => EspEntry.CheckedPath(path, "n")).ErrorId);
    }

    [Fact]
    public void An_image_is_written_nowhere_but_into_its_destination()
    {
        using var session = PowerShellSession.Create();

        var result = session.Invoke(
            "param($d) Save-TalosImage -Version 'v1.12.4-..' -Architecture Amd64 -Extension siderolabs/tailscale -Destination $d",
            ("d", Directory.CreateDirectory(_folder["a/b"]).FullName)
        );

        result.AssertError("VersionTagInvalid");
        Assert.Equal(["a", "b"], Entries());
    }

    [Fact]
    public async Task A_node_that_names_a_path_as_its_version_is_not_believed()
    {
        await using LabSession lab = await LabSession.StartAsync();
        lab.Lab.Node("ryzen").TalosVersion = "v1.12.4/../../x";

        PowerShellResult result = lab.Invoke(
            "param($d) Save-TalosImage ryzen -Extension siderolabs/tailscale -Destination $d",
            ("d", Directory.CreateDirectory(_folder["a/b"]).FullName)
        );

        result.AssertError("TalosProtocolViolation");
        Assert.Equal(["a", "b"], Entries());
    }

    [Theory]
    [InlineData(ShellKind.Dash)]
    [InlineData(ShellKind.BusyboxAsh)]
    public async Task A_line_feed_in_a_name_makes_no_second_file_of_the_list(ShellKind kind)
    {
        using var esp = new EspFolder();
        await using var shell = new FolderNodeShell(kind, esp.Root);
        var volume = new EspVolume(new EspProgram(shell, SilentReporter.Instance), "/dev/vda");
        Assert.Contains((await volume.ListAsync(false, Stop)).Files, f => f.Name == EspFolder.Entry);
        await File.WriteAllTextAsync(Path.Combine(esp.Linux, "a\nfile=EFI\nsize=1"), "", Stop);

        var error = await Assert.ThrowsAsync<TsException>(() => volume.ListAsync(false, Stop));

        Assert.Equal("EspNameInvalid", error.ErrorId);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(40)]
    public async Task A_list_that_broke_off_is_no_list(int bytes)
    {
        using var esp = new EspFolder();
        await using var shell = new FolderNodeShell(ShellKind.Dash, esp.Root) { KeepsOfAnswer = bytes };
        var volume = new EspVolume(new EspProgram(shell, SilentReporter.Instance), "/dev/vda");

        var error = await Assert.ThrowsAsync<TsException>(() => volume.ListAsync(true, Stop));

        Assert.Equal("TransferIncomplete", error.ErrorId);
    }

    [Theory]
    [InlineData("192.168.1.85", "192.168.1.85")]
    [InlineData("true", "\"true\"")]
    [InlineData("1e3", "\"1e3\"")]
    [InlineData("a: b", "\"a: b\"")]
    [InlineData("a #b", "\"a #b\"")]
    [InlineData("x\nactivation: upgrade", "\"x\\nactivation: upgrade\"")]
    [InlineData("x\u001b]0;t\u0007", "\"x\\x1B]0;t\\x07\"")]
    [InlineData("", "\"\"")]
    public void A_text_is_quoted_unless_everybody_reads_it_as_it_stands(string text, string yaml)
    {
        Assert.Equal(yaml, YamlWriter.Text(text), ignoreCase: true);
        var read = Assert.IsType<Core.Inventory.YamlScalar>(StrictYaml.ParseMapping($"k: {yaml}\n", "x")["k"]);
        Assert.Equal(text, read.Text);
    }

    private IEnumerable<string> Entries() =>
        Directory
            .EnumerateFileSystemEntries(_folder.Path, "*", SearchOption.AllDirectories)
            .Select(p => Path.GetFileName(p)!)
            .Order(StringComparer.Ordinal);

    public void Dispose() => _folder.Dispose();
}

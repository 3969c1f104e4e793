using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.MachineConfig;

/// <summary>Set-TalosMachinePatch on files: no talosconfig, no node, patches in every shape.</summary>
public sealed class SetTalosMachinePatchOfflineTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("patch-").FullName;
    private readonly PowerShellSession _session = PowerShellSession.Create(
        new Dictionary<string, object> { ["TalosConfig"] = "/nowhere" }
    );

    [Theory]
    [InlineData("'machine: {nodeLabels: {rack: b}}'")]
    [InlineData("'{machine: {nodeLabels: {rack: b}}}'")]
    [InlineData("@{ machine = @{ nodeLabels = @{ rack = 'b' } } }")]
    [InlineData("([pscustomobject]@{ machine = [pscustomobject]@{ nodeLabels = @{ rack = 'b' } } })")]
    [InlineData("$file")]
    [InlineData("\"@$file\"")]
    [InlineData("([System.IO.FileInfo]$file)")]
    [InlineData("@{ op = 'replace'; path = '/machine/nodeLabels/rack'; value = 'b' }")]
    public void Patches_come_in_every_shape(string patch)
    {
        string config = Write(
            "node.yaml",
            "version: v1alpha1\nmachine:\n  type: worker\n  nodeLabels:\n    rack: a # keep\n"
        );
        string file = Write("patch.yaml", "machine:\n  nodeLabels:\n    rack: b\n");
        string target = Path.Combine(_folder, "out.yaml");

        MachinePatchResult result = _session
            .Invoke(
                $"param($config, $file, $target) Set-TalosMachinePatch -Path $config -Patch {patch} -OutFile $target",
                ("config", config),
                ("file", file),
                ("target", target)
            )
            .Single<MachinePatchResult>();

        Assert.True(result is { Changed: true, Applied: true, Node: "node.yaml" });
        Assert.Equal(
            "version: v1alpha1\nmachine:\n  type: worker\n  nodeLabels:\n    rack: b # keep\n",
            File.ReadAllText(target)
        );
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(target));
    }

    [Fact]
    public void Numbers_booleans_and_lists_keep_their_types()
    {
        string config = Write("node.yaml", "machine:\n  type: worker\n");

        MachinePatchResult result = _session
            .Invoke(
                "param($config) Set-TalosMachinePatch -Path $config -OutFile $config -Patch @{ machine = @{ network = @{ interfaces = @(@{ interface = 'eth0'; mtu = 9000; dhcp = $true; addresses = @('10.0.0.1/8') }) } } }",
                ("config", config)
            )
            .Single<MachinePatchResult>();

        Assert.True(result.Applied);
        string text = File.ReadAllText(config);
        Assert.Contains("mtu: 9000\n", text, StringComparison.Ordinal);
        Assert.Contains("dhcp: true\n", text, StringComparison.Ordinal);
        Assert.Contains("- 10.0.0.1/8\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_target_nothing_is_written_and_the_difference_is_shown()
    {
        string config = Write("node.yaml", "machine:\n  token: aaaaaa.bbbbbbbbbbbbbbbb\n  type: worker\n");

        PowerShellResult run = _session.Invoke(
            "param($config) Set-TalosMachinePatch -Path $config -Patch 'machine: {type: controlplane}'",
            ("config", config)
        );

        MachinePatchResult result = run.Single<MachinePatchResult>();
        Assert.True(result is { Changed: true, Applied: false, OutFile: null });
        Assert.Contains("+  type: controlplane\n", result.Diff, StringComparison.Ordinal);
        Assert.DoesNotContain("aaaaaa.bbbbbbbbbbbbbbbb", run.AllText(), StringComparison.Ordinal);
        Assert.Contains("type: worker", File.ReadAllText(config), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("'machine: [}'", "YamlInvalid")]
    [InlineData("@{ machine = @{ nework = @{} } }", "PatchUnknownKey")]
    [InlineData("'./no-such-file.yaml'", "PathNotFound")]
    [InlineData("([System.Threading.CancellationToken]::None)", "PatchObjectInvalid")]
    public void A_bad_patch_is_one_clear_error_and_changes_nothing(string patch, string errorId)
    {
        string config = Write("node.yaml", "machine:\n  type: worker\n");

        _session
            .Invoke(
                $"param($config) Set-TalosMachinePatch -Path $config -Patch {patch} -OutFile $config",
                ("config", config)
            )
            .AssertError(errorId);

        Assert.Equal("machine:\n  type: worker\n", File.ReadAllText(config));
    }

    public void Dispose()
    {
        _session.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}

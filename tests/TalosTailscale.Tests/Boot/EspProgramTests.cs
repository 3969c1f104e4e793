using System.Diagnostics;
using System.Text;
using TalosTailscale.Core.Boot.NodeShell;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Boot;

public class EspProgramTests
{
    [Fact]
    public Task Shellcheck_has_nothing_to_say_of_the_program() => ShellcheckAsync(EspProgram.Source());

    [Theory]
    [InlineData("tests/TalosTailscale.Boot/get-packages.sh")]
    public async Task Shellcheck_has_nothing_to_say(string script) =>
        await ShellcheckAsync(
            await File.ReadAllTextAsync(Path.Combine(Repository.Root, script), TestContext.Current.CancellationToken)
        );

    [Fact]
    public void The_parts_are_joined_in_the_order_of_their_names()
    {
        string folder = Path.Combine(Repository.Root, "src", "TalosTailscale.Core", "Boot", "NodeShell", "esp");
        string[] parts = [.. Directory.GetFiles(folder, "*.sh").Order(StringComparer.Ordinal)];
        Assert.NotEmpty(parts);
        Assert.Equal(string.Concat(parts.Select(File.ReadAllText)), EspProgram.Source());
    }

    [Fact]
    public void What_is_sent_is_the_program_without_its_comments()
    {
        string sent = Encoding.UTF8.GetString(EspProgram.Text.Span);
        Assert.DoesNotContain(sent.Split('\n'), line => line.TrimStart().StartsWith('#'));
        Assert.Contains("cmd_exchange()", sent, StringComparison.Ordinal);
        Assert.EndsWith("\"cmd_$command\" \"$@\"\n", sent, StringComparison.Ordinal);
    }

    // With containerd a command's exit code does not come back while input that nobody reads fills its stream.
    [Theory]
    [InlineData(ShellKind.Dash, true)]
    [InlineData(ShellKind.Dash, false)]
    [InlineData(ShellKind.BusyboxAsh, true)]
    public async Task What_is_refused_has_read_its_input_to_the_end(ShellKind kind, bool exists)
    {
        using var esp = new EspFolder();
        if (exists)
            esp.Write("new.part", [1]);
        await using var shell = new FolderNodeShell(kind, esp.Root);
        using var input = new MemoryStream(new byte[1_000_003]);
        var program = new EspProgram(shell, SilentReporter.Instance);
        string offset = exists ? "0" : "3";
        CancellationToken stop = TestContext.Current.CancellationToken;
        await program.RunAsync(stop, "lock", "/dev/nvme0n1p1", "owner", "pod/kube-system/one", "60");

        await Assert.ThrowsAsync<TsException>(() =>
            program.RunAsync(input, stop, "stage", "/dev/nvme0n1p1", "owner", "new.part", "1000003", offset)
        );

        Assert.Equal(input.Length, input.Position);
    }

    private static async Task ShellcheckAsync(string script)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/shellcheck"), "shellcheck is not installed.");
        using Process check = Process.Start(
            new ProcessStartInfo("/usr/bin/shellcheck", ["-"])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            }
        )!;
        Task<string> said = check.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await check.StandardInput.WriteAsync(script);
        check.StandardInput.Close();
        Assert.Equal("", await said);
        await check.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, check.ExitCode);
    }
}

using TalosTailscale.Core.Tailnet;
using TalosTailscale.Tests.Images;

namespace TalosTailscale.Tests.Tailnet;

/// <summary>Whether a commit would take a file, beside git's own answer, and where git has none.</summary>
public sealed class GitIgnoreTests(ITestOutputHelper output) : IDisposable
{
    // Rules as people write them, right and wrong ones (gitignore(5)).
    private static readonly string[] s_rules =
    [
        "",
        "tailscale-extension-service.yaml",
        "/manifests/tailscale-extension-service.yaml",
        "manifests/",
        "manifests/*",
        "manifests/*\n!manifests/*.yaml",
        "*.yaml",
        "*.yaml\n!tailscale-*.yaml",
        "!tailscale-extension-service.yaml",
        "# tailscale-extension-service.yaml",
        "\\#x\ntailscale-extension-service.yaml ",
        "tailscale-extension-service.yaml\\ ",
        "tailscale-extension-service.yaml\r",
        "**/tailscale-extension-service.yaml",
        "manifests/**",
        "/tailscale-extension-service.yaml",
        "Tailscale-Extension-Service.yaml",
        "tailscale-extension-service.y?ml",
        "tailscale-extension-service.[xy]aml",
        "tailscale-extension-service.yaml.*",
    ];

    private static readonly string[] s_files =
    [
        "manifests/tailscale-extension-service.yaml",
        "manifests/tailscale-dns.patch.yaml",
        "tailscale-extension-service.yaml",
        "manifests/deep/tailscale-extension-service.yaml",
        "manifests/-x.yaml",
        "manifests/ü.yaml",
    ];

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ours_is_what_git_takes()
    {
        await Tool.RunAsync("git", "init", "-q", _folder.Path);
        for (var rule = 0; rule < s_rules.Length; rule++)
        {
            _folder.Write($"{rule}/.gitignore", s_rules[rule] + "\n");
            foreach (var file in s_files)
                _folder.Write($"{rule}/{file}", "x");
        }

        // A file that is tracked already is taken, whatever the rules say.
        await Tool.RunAsync("git", "-C", _folder.Path, "add", "-f", "1/" + s_files[0]);
        await Tool.RunAsync("git", "-C", _folder.Path, "add", "-A");
        var taken = (await Tool.RunAsync("git", "-C", _folder.Path, "-c", "core.quotePath=false", "ls-files", "-z"))
            .Split('\0')
            .ToHashSet(StringComparer.Ordinal);

        var (ignored, refused) = (0, 0);
        var differences = new List<string>();
        for (var rule = 0; rule < s_rules.Length; rule++)
        {
            foreach (var file in s_files)
            {
                // As a new file, of which git has not heard, and by a folder that is a link.
                var ours = await GitIgnore.CheckAsync(_folder[$"{rule}/{file}"], Stop);
                if (
                    ours.State
                    == (taken.Contains($"{rule}/{file}") ? GitIgnoreState.NotIgnored : GitIgnoreState.Ignored)
                )
                    _ = ours.MayBeTaken ? refused++ : ignored++;
                else
                    differences.Add($"{file} under '{s_rules[rule]}': {ours}");
            }
        }

        output.WriteLine($"{ignored} ignored, {refused} taken by git and by ours, {differences.Count} otherwise.");
        Assert.True(differences.Count == 0, string.Join('\n', differences));
        Assert.InRange(ignored, 30, 90);
        Assert.InRange(refused, 30, 90);
    }

    [Fact]
    public async Task A_folder_that_is_a_link_is_in_the_work_tree_that_it_leads_to()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Links need rights on Windows.");
            return;
        }

        await Tool.RunAsync("git", "init", "-q", _folder["repository"]);
        Directory.CreateDirectory(_folder["repository/devices"]);
        Directory.CreateSymbolicLink(_folder["devices"], _folder["repository/devices"]);

        Assert.Equal(GitIgnoreState.NotIgnored, (await GitIgnore.CheckAsync(_folder["devices/a/s.yaml"], Stop)).State);
        Assert.True((await GitIgnore.CheckAsync(_folder["devices/a/s.yaml"], null, Stop)).MayBeTaken);
    }

    [Fact]
    public async Task Without_git_a_work_tree_is_not_written_to_and_another_folder_is()
    {
        Directory.CreateDirectory(_folder["repository/.git"]);

        var inside = await GitIgnore.CheckAsync(_folder["repository/devices/n1/s.yaml"], null, Stop);
        var outside = await GitIgnore.CheckAsync(_folder["elsewhere/s.yaml"], null, Stop);

        Assert.Equal((GitIgnoreState.Unknown, true), (inside.State, inside.MayBeTaken));
        Assert.Equal("git is not installed", inside.Reason);
        Assert.Equal((GitIgnoreState.Outside, false), (outside.State, outside.MayBeTaken));
    }

    [Fact]
    public async Task A_work_tree_of_somebody_else_is_not_written_to_and_the_way_out_works()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Needs a shell script.");
            return;
        }

        await Tool.RunAsync("git", "init", "-q", _folder["repository"]);
        File.WriteAllText(_folder["repository/.gitignore"], "s.yaml\n");
        var git = _folder.Write(
            "git",
            $"#!/bin/sh\nHOME='{_folder.Path}' GIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec git \"$@\"\n"
        );
        File.SetUnixFileMode(git, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        var refused = await GitIgnore.CheckAsync(_folder["repository/s.yaml"], git, Stop);
        Assert.Equal(GitIgnoreState.Unknown, refused.State);
        Assert.Equal(
            $"Run 'git config --global --add safe.directory {_folder["repository"]}', if the work tree is yours;",
            refused.Advice
        );

        await Tool.RunAsync(git, "config", "--global", "--add", "safe.directory", _folder["repository"]);
        Assert.Equal(
            GitIgnoreState.Ignored,
            (await GitIgnore.CheckAsync(_folder["repository/s.yaml"], git, Stop)).State
        );
    }

    [Fact]
    public async Task A_work_tree_that_git_cannot_read_is_not_written_to()
    {
        _folder.Write("repository/.git", "gitdir: /nowhere\n");

        var answer = await GitIgnore.CheckAsync(_folder["repository/s.yaml"], Stop);

        Assert.Equal(GitIgnoreState.Unknown, answer.State);
        Assert.StartsWith("git", answer.Reason, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();
}

<?php
/** WordPress as Debian packages it: it installs itself, and then does what a site with users does all day. */

[, $host, $port, $user, $password, $database] = $argv;
// What the router says of statements that it does not run.
$refusals = array_slice($argv, 6);
define('DB_HOST', "$host:$port");
define('DB_USER', $user);
define('DB_PASSWORD', $password);
define('DB_NAME', $database);
define('DB_CHARSET', 'utf8mb4');
define('DB_COLLATE', '');
define('ABSPATH', '/usr/share/wordpress/');
define('WP_INSTALLING', true);
define('WP_DISABLE_FATAL_ERROR_HANDLER', true);
define('DISABLE_WP_CRON', true);
define('WP_HTTP_BLOCK_EXTERNAL', true);
$_SERVER += ['HTTP_HOST' => 'example.org', 'SERVER_NAME' => 'example.org', 'REQUEST_URI' => '/', 'SERVER_PROTOCOL' => 'HTTP/1.1'];
$table_prefix = 'wp_';
require ABSPATH . 'wp-settings.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
require_once ABSPATH . 'wp-admin/includes/user.php';
// Nobody reads the mails of a test.
add_filter('pre_wp_mail', '__return_true');

function expect(mixed $actual, mixed $expected, string $what): void {
    if ($actual !== $expected) {
        throw new RuntimeException("$what: " . var_export($actual, true) . ' instead of ' . var_export($expected, true));
    }
}

// Looking for tables that are not there yet is how it finds out that it is not installed.
$wpdb->suppress_errors(true);
wp_install('A site', 'admin', 'admin@example.org', true, '', 'a password');
$EZSQL_ERROR = [];
wp_installing(false);
expect(count($wpdb->get_col('SHOW TABLES')), 12, 'tables');
expect(dbDelta('all', false), [], 'changes that its tables need');

// Users and what is known of them.
$users = [];
foreach (['ann', 'bob', 'cid', 'dan', 'eve', 'flo'] as $index => $name) {
    $id = wp_insert_user(['user_login' => $name, 'user_email' => "$name@example.org", 'user_pass' => "secret $name", 'role' => 'author']);
    expect(is_wp_error($id), false, 'an error');
    update_user_meta($id, 'shoe_size', 36 + $index);
    $users[$name] = $id;
}
expect(count(array_unique($users)), 6, 'numbers of users');
wp_cache_flush();
expect(wp_authenticate('bob', 'secret bob')->ID, $users['bob'], 'who has logged in');
expect(is_wp_error(wp_authenticate('bob', 'wrong')), true, 'a wrong password');
expect(get_user_by('email', 'cid@example.org')->user_login, 'cid', 'found by address');
expect((int) get_user_meta($users['eve'], 'shoe_size', true), 40, 'a size');
update_user_meta($users['eve'], 'shoe_size', 41);
wp_cache_flush();
expect((int) get_user_meta($users['eve'], 'shoe_size', true), 41, 'a new size');
wp_update_user(['ID' => $users['ann'], 'display_name' => 'Ann of Green Gables']);
expect(get_userdata($users['ann'])->display_name, 'Ann of Green Gables', 'a new name');
expect(array_column(get_users(['orderby' => 'login', 'number' => 3, 'offset' => 1]), 'user_login'), ['ann', 'bob', 'cid'], 'a page of users');
$large = new WP_User_Query(['meta_key' => 'shoe_size', 'meta_value' => 38, 'meta_compare' => '>', 'meta_type' => 'NUMERIC', 'orderby' => 'login', 'count_total' => false]);
expect(array_column($large->get_results(), 'user_login'), ['dan', 'eve', 'flo'], 'users by what is known of them');

// Posts, their words and comments.
$posts = [];
for ($number = 1; $number <= 12; $number++) {
    $id = wp_insert_post([
        'post_title' => "Post $number", 'post_content' => $number % 3 === 0 ? 'about whales' : 'about nothing', 'post_status' => 'publish',
        'post_author' => $users[$number % 2 === 0 ? 'ann' : 'bob'], 'post_date' => sprintf('2026-01-%02d 12:00:00', $number),
        'tags_input' => $number % 4 === 0 ? ['news', 'sea'] : ['news'], 'meta_input' => ['rank' => $number],
    ], true);
    expect(is_wp_error($id), false, 'an error');
    $posts[$number] = $id;
}
wp_cache_flush();
$page = new WP_Query(['posts_per_page' => 4, 'paged' => 2, 'orderby' => 'date', 'order' => 'DESC', 'tag' => 'news']);
expect([$page->found_posts, wp_list_pluck($page->posts, 'post_title')], [12, ['Post 8', 'Post 7', 'Post 6', 'Post 5']], 'a page of posts');
expect((new WP_Query(['s' => 'whales']))->found_posts, 4, 'posts that were searched for');
$ranked = new WP_Query(['author' => $users['ann'], 'tag' => 'sea', 'meta_query' => [['key' => 'rank', 'value' => 5, 'compare' => '>', 'type' => 'NUMERIC']]]);
expect($ranked->found_posts, 2, 'posts by author, tag and rank');
expect((int) wp_count_posts()->publish, 13, 'published posts');
expect((int) count_user_posts($users['ann']), 6, 'posts of one author');
$comment = wp_insert_comment(['comment_post_ID' => $posts[1], 'comment_content' => 'Nice 🐳', 'user_id' => $users['dan'], 'comment_approved' => 1]);
wp_insert_comment(['comment_post_ID' => $posts[1], 'comment_content' => 'Indeed', 'comment_parent' => $comment, 'comment_approved' => 1]);
expect([(int) get_comments_number($posts[1]), get_comment($comment)->comment_content], [2, 'Nice 🐳'], 'comments');
wp_update_post(['ID' => $posts[2], 'post_title' => 'Another title']);
expect(get_post($posts[2])->post_title, 'Another title', 'a title');
expect(count(wp_get_post_revisions($posts[2])) > 0, true, 'whether its revision is kept');
wp_delete_post($posts[12], true);
expect(get_post($posts[12]), null, 'a post that was deleted');
expect(get_term_by('slug', 'news', 'post_tag')->count, 11, 'posts of a tag');

// Settings, and what is kept for a while.
update_option('colour', ['red', 'green']);
set_transient('weather', 'rain', 60);
wp_cache_flush();
expect([get_option('colour'), get_transient('weather')], [['red', 'green'], 'rain'], 'what is kept');

// A user goes, and his posts are another's.
expect(wp_delete_user($users['bob'], $users['ann']), true, 'whether a user has gone');
wp_cache_flush();
expect([get_user_by('login', 'bob'), (int) count_user_posts($users['ann'])], [false, 11], 'who has his posts');

expect(array_values(array_unique(array_column($EZSQL_ERROR, 'error_str'))), $refusals, 'errors of the database');
echo 'ok';
